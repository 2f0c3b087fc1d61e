import type { ReactNode } from 'react'
import { useViewTitle } from '../../routing/view-title.ts'
import styles from './page.module.css'

interface PageProps {
  /** The heading, and the name of the view in the title of the page. */
  readonly title: string
  /** Stands behind the title: a state, for example. */
  readonly mark?: ReactNode
  /** Stands above the title: the way back. */
  readonly back?: ReactNode
  /** Buttons beside the title. */
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A view that is no chat: a heading, and a column that scrolls. */
export function Page({ title, mark, back, actions, children }: PageProps) {
  useViewTitle(title)
  return (
    <div className={styles.scroller}>
      <div className={styles.column}>
        {back}
        <header className={styles.header}>
          <div className={styles.heading}>
            <h1 className={styles.title}>{title}</h1>
            {mark}
          </div>
          {actions && <div className={styles.actions}>{actions}</div>}
        </header>
        {children}
      </div>
    </div>
  )
}
