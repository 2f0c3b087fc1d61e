import type { ReactNode } from 'react'
import styles from './page.module.css'

interface PageProps {
  readonly title: ReactNode
  /** Stands above the title: the way back. */
  readonly back?: ReactNode
  /** Buttons beside the title. */
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A view that is no chat: a heading, and a column that scrolls. */
export function Page({ title, back, actions, children }: PageProps) {
  return (
    <div className={styles.scroller}>
      <div className={styles.column}>
        {back}
        <header className={styles.header}>
          <h1 className={styles.title}>{title}</h1>
          {actions && <div className={styles.actions}>{actions}</div>}
        </header>
        {children}
      </div>
    </div>
  )
}
