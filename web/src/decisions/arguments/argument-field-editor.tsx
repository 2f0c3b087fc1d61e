import { useId } from 'react'
import { FieldFrame } from '../form/field-frame.tsx'
import fieldStyles from '../form/fields.module.css'
import type { ChangeDraft } from '../draft/use-decision-draft.ts'
import { argumentDraft, type ArgumentField } from './argument-edit.ts'

interface ArgumentFieldEditorProps {
  readonly field: ArgumentField
  readonly onChange: ChangeDraft
}

/** One argument in a field of its own. */
export function ArgumentFieldEditor({ field: { name, kind, text, error }, onChange }: ArgumentFieldEditorProps) {
  const id = useId()
  const change = (value: string): void => onChange({ [argumentDraft.field(name)]: value })
  if (kind === 'boolean') {
    return (
      <label className={fieldStyles.check}>
        <input type="checkbox" checked={text === 'true'} onChange={(event) => change(String(event.target.checked))} />
        {name}
      </label>
    )
  }
  return (
    <FieldFrame id={id} label={name} error={error} isCode>
      {(props) => (
        <textarea
          {...props}
          className={fieldStyles.code}
          rows={1}
          inputMode={kind === 'number' ? 'decimal' : undefined}
          spellCheck={false}
          value={text}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </FieldFrame>
  )
}
