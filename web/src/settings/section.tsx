import { type ReactNode, useId } from 'react'
import type { QueryState } from '../graphql/use-query.ts'
import { strings } from '../strings/strings.ts'
import { Button } from '../components/buttons/button.tsx'
import styles from './settings.module.css'

interface SectionProps {
  readonly title: string
  readonly hint?: string
  /** What the section shows the answer of. It can be asked for again. */
  readonly query?: Pick<QueryState<unknown>, 'data' | 'error' | 'isLoading' | 'reload'>
  /** The name of the button that asks again. Without it there is none. */
  readonly reloadLabel?: string
  readonly loadingText?: string
  /** Has the height of what is expected, and keeps its place while it is loaded: what is below does not move. */
  readonly placeholder?: ReactNode
  readonly children: ReactNode
}

/** A part of the settings. */
export function Section({ title, hint, query, reloadLabel, loadingText, placeholder, children }: SectionProps) {
  const id = useId()
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.sectionHeader}>
        <h2 id={id} className={styles.heading}>
          {title}
        </h2>
        {query && reloadLabel !== undefined && (
          <Button kind="quiet" onClick={query.reload}>
            {reloadLabel}
          </Button>
        )}
      </div>
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      {query?.error && (
        <p className={styles.problem} role="alert">
          {query.error.message}
        </p>
      )}
      {query && query.data === null && !query.error && (
        <div className={styles.loading}>
          <p className={styles.hint}>{loadingText ?? strings.settingsView.loading}</p>
          <div inert>{placeholder}</div>
        </div>
      )}
      {children}
    </section>
  )
}
