import { type ComponentProps, type ReactNode, useId } from 'react'
import styles from './field.module.css'

interface LabelledProps {
  readonly label: string
  /** Stands below it. */
  readonly hint?: string | undefined
}

interface FieldProps extends LabelledProps, Omit<ComponentProps<'input'>, 'onChange' | 'value' | 'id'> {
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A field of one line with its label. */
export function Field({ label, hint, onChange, ...props }: FieldProps) {
  return (
    <Labelled label={label} hint={hint}>
      {(ids) => (
        <input className={styles.control} {...props} {...ids} onChange={({ target }) => onChange(target.value)} />
      )}
    </Labelled>
  )
}

interface TextFieldProps extends LabelledProps, Omit<ComponentProps<'textarea'>, 'onChange' | 'value' | 'id'> {
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A field of several lines with its label. It grows with its text. */
export function TextField({ label, hint, onChange, ...props }: TextFieldProps) {
  return (
    <Labelled label={label} hint={hint}>
      {(ids) => (
        <textarea
          className={`${styles.control} ${styles.text}`}
          {...props}
          {...ids}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Labelled>
  )
}

interface SelectFieldProps extends LabelledProps {
  readonly value: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  readonly onChange: (value: string) => void
}

/** A choice of one option, with its label. */
export function SelectField({ label, hint, value, options, onChange }: SelectFieldProps) {
  return (
    <Labelled label={label} hint={hint}>
      {(ids) => (
        <select className={styles.control} value={value} {...ids} onChange={({ target }) => onChange(target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  )
}

interface ControlIds {
  readonly id: string
  readonly 'aria-describedby'?: string
}

function Labelled({ label, hint, children }: LabelledProps & { readonly children: (ids: ControlIds) => ReactNode }) {
  const id = useId()
  const hintId = `${id}-hint`
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      {children({ id, ...(hint !== undefined && { 'aria-describedby': hintId }) })}
      {hint !== undefined && (
        <p className={styles.hint} id={hintId}>
          {hint}
        </p>
      )}
    </div>
  )
}
