import { strings } from '../../strings/strings.ts'
import { revealHiddenCharacters } from '../arguments/reveal-hidden-characters.ts'
import type { FieldControlProps } from './field-frame.tsx'
import styles from './fields.module.css'
import type { FormFieldControlProps } from './form-field-control-props.ts'

const inputTypes: Readonly<Record<string, string>> = {
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
}

interface SingleFieldControlProps extends FormFieldControlProps {
  readonly control: FieldControlProps
}

/** The control for a value that is a text, a number, one of several options, or JSON. */
export function SingleFieldControl({ field, text, onChange, control }: SingleFieldControlProps) {
  const { kind, format, options, isRequired } = field
  if (kind === 'choice') {
    return (
      <select {...control} className={styles.control} value={text} onChange={(event) => onChange(event.target.value)}>
        <option value="" disabled={isRequired}>
          {strings.decisions.fields.choose}
        </option>
        {options.map(({ label }, index) => (
          <option key={label} value={index}>
            {revealHiddenCharacters(label)}
          </option>
        ))}
      </select>
    )
  }
  const inputType = kind === 'text' && format !== null ? inputTypes[format] : undefined
  const isNumber = kind === 'number' || kind === 'integer'
  if (inputType !== undefined || isNumber) {
    return (
      <input
        {...control}
        className={styles.control}
        type={inputType ?? 'text'}
        inputMode={isNumber ? 'decimal' : undefined}
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
    )
  }
  return (
    <textarea
      {...control}
      className={kind === 'json' ? styles.code : styles.control}
      rows={1}
      value={text}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}
