import type { JsonObject } from 'segue-client'
import { Button } from '../../components/buttons/button.tsx'
import { strings } from '../../strings/strings.ts'
import type { ChangeDraft } from '../draft/use-decision-draft.ts'
import { type ArgumentEdit, argumentDraft, canEditAsFields } from './argument-edit.ts'
import { ArgumentFieldEditor } from './argument-field-editor.tsx'
import { ArgumentsJsonEditor } from './arguments-json-editor.tsx'
import styles from './arguments.module.css'
import { formatArgument, formatJson } from './tool-arguments.ts'

interface ArgumentsEditorProps {
  readonly edit: ArgumentEdit
  readonly original: JsonObject | null
  /** What the tool would run with. Null while the edit has an error. */
  readonly current: JsonObject | null
  readonly onChange: ChangeDraft
}

/** Changes the arguments of a call: each in a field of its own where that is possible, or all as JSON. */
export function ArgumentsEditor({ edit, original, current, onChange }: ArgumentsEditorProps) {
  const fields = Object.keys(original ?? {}).map(argumentDraft.field)
  const withoutFields = Object.fromEntries(fields.map((field) => [field, null]))
  const toJson = (values: JsonObject): void =>
    onChange({ ...withoutFields, [argumentDraft.mode]: 'json', [argumentDraft.json]: formatJson(values) })
  const toFields = (values: JsonObject): void =>
    onChange({
      ...Object.fromEntries(
        Object.entries(values).map(([name, value]) => [argumentDraft.field(name), formatArgument(value)]),
      ),
      [argumentDraft.mode]: 'fields',
      [argumentDraft.json]: null,
    })
  const undo = (): void => onChange({ ...withoutFields, [argumentDraft.mode]: null, [argumentDraft.json]: null })
  return (
    <div className={styles.editor} role="group" aria-label={strings.decisions.arguments}>
      {edit.mode === 'fields' &&
        edit.fields.map((field) => <ArgumentFieldEditor key={field.name} field={field} onChange={onChange} />)}
      {edit.mode === 'json' && <ArgumentsJsonEditor text={edit.text} error={edit.error} onChange={onChange} />}
      <div className={styles.editorActions}>
        <Button kind="quiet" onClick={undo}>
          {strings.decisions.undoEdit}
        </Button>
        {edit.mode === 'fields' && current && (
          <Button kind="quiet" onClick={() => toJson(current)}>
            {strings.decisions.editAsJson}
          </Button>
        )}
        {edit.mode === 'json' && current && canEditAsFields(original, current) && (
          <Button kind="quiet" onClick={() => toFields(current)}>
            {strings.decisions.editAsFields}
          </Button>
        )}
      </div>
    </div>
  )
}
