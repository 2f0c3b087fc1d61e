import { useId } from 'react'
import { strings } from '../../strings/strings.ts'
import { revealHiddenCharacters } from '../arguments/reveal-hidden-characters.ts'
import { FieldFrame } from './field-frame.tsx'
import styles from './fields.module.css'
import type { FormFieldControlProps } from './form-field-control-props.ts'
import { readChosenIndexes } from './read-form-values.ts'
import { SingleFieldControl } from './single-field-control.tsx'

/** The control for one value of a form, with its label. */
export function FormFieldControl(props: FormFieldControlProps) {
  const { field, text, error, onChange } = props
  const id = useId()
  const label = revealHiddenCharacters(field.label)
  if (field.kind === 'choices') return <ChoicesControl {...props} />
  if (field.kind === 'boolean') {
    return (
      <div className={styles.field}>
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={text === 'true'}
            aria-describedby={field.hint === null ? undefined : `${id}-hint`}
            onChange={(event) => onChange(String(event.target.checked))}
          />
          {label}
        </label>
        {field.hint !== null && (
          <p className={styles.hint} id={`${id}-hint`}>
            {revealHiddenCharacters(field.hint)}
          </p>
        )}
      </div>
    )
  }
  const hint = field.hint && revealHiddenCharacters(field.hint)
  return (
    <FieldFrame id={id} label={label} hint={hint} error={error} isRequired={field.isRequired}>
      {(control) => <SingleFieldControl {...props} control={control} />}
    </FieldFrame>
  )
}

function ChoicesControl({ field, text, error, onChange }: FormFieldControlProps) {
  const chosen = readChosenIndexes(text)
  const toggle = (index: number, isChosen: boolean): void => {
    const others = chosen.filter((each) => each !== index)
    onChange(JSON.stringify(isChosen ? [...others, index].sort((a, b) => a - b) : others))
  }
  return (
    <fieldset className={styles.checks}>
      <legend className={styles.label}>
        {revealHiddenCharacters(field.label)}
        {field.isRequired && <span className={styles.required}> ({strings.decisions.fields.required})</span>}
      </legend>
      {field.hint !== null && <p className={styles.hint}>{revealHiddenCharacters(field.hint)}</p>}
      {field.options.map(({ label }, index) => (
        <label key={label} className={styles.check}>
          <input
            type="checkbox"
            checked={chosen.includes(index)}
            onChange={(event) => toggle(index, event.target.checked)}
          />
          {revealHiddenCharacters(label)}
        </label>
      ))}
      {error !== null && <p className={styles.error}>{error}</p>}
    </fieldset>
  )
}
