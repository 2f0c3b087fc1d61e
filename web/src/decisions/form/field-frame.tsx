import type { ReactNode } from 'react'
import { strings } from '../../strings/strings.ts'
import styles from './fields.module.css'

/** What the control of a field has, so that its texts belong to it. */
export interface FieldControlProps {
  readonly id: string
  readonly 'aria-invalid': true | undefined
  readonly 'aria-describedby': string | undefined
  readonly 'aria-required'?: true
}

interface FieldFrameProps {
  readonly id: string
  readonly label: string
  readonly hint?: string | null
  readonly error: string | null
  readonly isRequired?: boolean
  /** The label is a name in a program. */
  readonly isCode?: boolean
  readonly children: (props: FieldControlProps) => ReactNode
}

/** A label, a control, and below it what is wrong. */
export function FieldFrame({ id, label, hint, error, isRequired = false, isCode = false, children }: FieldFrameProps) {
  const ids = [hint ? `${id}-hint` : null, error === null ? null : `${id}-error`].filter((each) => each !== null)
  return (
    <div className={styles.field}>
      <label className={isCode ? styles.codeLabel : styles.label} htmlFor={id}>
        {label}
        {isRequired && <span className={styles.required}> ({strings.decisions.fields.required})</span>}
      </label>
      {hint && (
        <p className={styles.hint} id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children({
        id,
        'aria-invalid': error === null ? undefined : true,
        'aria-describedby': ids.length > 0 ? ids.join(' ') : undefined,
        ...(isRequired && { 'aria-required': true }),
      })}
      {error !== null && (
        <p className={styles.error} id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}
