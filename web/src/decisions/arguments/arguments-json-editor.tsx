import { useId } from 'react'
import { strings } from '../../strings/strings.ts'
import type { ChangeDraft } from '../draft/use-decision-draft.ts'
import { FieldFrame } from '../form/field-frame.tsx'
import fieldStyles from '../form/fields.module.css'
import { argumentDraft } from './argument-edit.ts'

interface ArgumentsJsonEditorProps {
  readonly text: string
  readonly error: string | null
  readonly onChange: ChangeDraft
}

/** All arguments of a call as one JSON text. */
export function ArgumentsJsonEditor({ text, error, onChange }: ArgumentsJsonEditorProps) {
  const id = useId()
  return (
    <FieldFrame id={id} label={strings.decisions.argumentsJson} error={error}>
      {(props) => (
        <textarea
          {...props}
          className={fieldStyles.code}
          rows={4}
          spellCheck={false}
          value={text}
          onChange={(event) => onChange({ [argumentDraft.json]: event.target.value })}
        />
      )}
    </FieldFrame>
  )
}
