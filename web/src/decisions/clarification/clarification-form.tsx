import type { JsonObject } from 'segue-client'
import { type FormEvent, useMemo, useRef, useState } from 'react'
import { Button } from '../../components/buttons/button.tsx'
import { strings } from '../../strings/strings.ts'
import styles from '../card/decision-card.module.css'
import { useDecisionDraft } from '../draft/use-decision-draft.ts'
import { FormFieldControl } from '../form/form-field-control.tsx'
import { toFormFields, valueDraft } from '../form/form-field.ts'
import { readFormValues } from '../form/read-form-values.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { DeclineButton } from './clarification-text.tsx'
import type { ClarificationFormProps } from './clarification-form-props.ts'

/** Answers a question by the values of a form. */
export function ClarificationForm(props: ClarificationFormProps & { readonly form: JsonObject }) {
  const { card, clarification, form, isSending, onAnswer } = props
  const [draft, change] = useDecisionDraft(clarification.id)
  // What is wrong is said once somebody has tried to send it.
  const [isChecked, setChecked] = useState(false)
  const element = useRef<HTMLFormElement>(null)
  const fields = useMemo(() => toFormFields(form), [form])
  const { values, errors } = readFormValues(fields, draft)
  const decline = (): void => onAnswer({ decline: true })
  useShortcuts(card, { d: decline }, !isSending)
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault()
    if (values) return onAnswer({ values })
    setChecked(true)
    // The state is not rendered yet.
    const wrong = fields.findIndex(({ name }) => errors.has(name))
    element.current?.querySelectorAll<HTMLElement>('[data-field]')[wrong]?.querySelector<HTMLElement>(controls)?.focus()
  }
  return (
    <form ref={element} className={styles.fields} onSubmit={onSubmit} noValidate>
      {fields.map((field) => (
        <div key={field.name} data-field={field.name}>
          <FormFieldControl
            field={field}
            text={draft[valueDraft(field.name)] ?? field.initialText}
            error={isChecked ? (errors.get(field.name) ?? null) : null}
            onChange={(text) => change({ [valueDraft(field.name)]: text })}
          />
        </div>
      ))}
      <div className={styles.actions}>
        <Button type="submit" kind="primary" disabled={isSending}>
          {strings.decisions.sendAnswer}
        </Button>
        <DeclineButton isSending={isSending} onDecline={decline} />
      </div>
    </form>
  )
}

const controls = 'input, select, textarea'
