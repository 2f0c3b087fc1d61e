import type { ReactNode } from 'react'
import styles from './empty-state.module.css'

/** Stands where a view has nothing to show: what is missing, and what to do. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <h1 className={styles.title}>{title}</h1>
      <div className={styles.text}>{children}</div>
    </div>
  )
}
