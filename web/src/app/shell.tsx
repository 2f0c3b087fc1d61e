import { Menu } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { usePathname } from 'wouter/use-browser-location'
import { IconButton } from '../components/icon-button.tsx'
import { strings } from '../strings/strings.ts'
import styles from './shell.module.css'
import { topBarId } from './top-bar.ts'

interface ShellProps {
  readonly sidebar: ReactNode
  /** Stands above the view, for example while the connection is lost. */
  readonly notice: ReactNode
  readonly children: ReactNode
}

/** The sidebar beside the view; on narrow screens over it, behind a button. */
export function Shell({ sidebar, notice, children }: ShellProps) {
  const [isOpen, setOpen] = useState(false)
  const path = usePathname()
  // Whoever has chosen something in the sidebar wants to see it.
  useEffect(() => setOpen(false), [path])
  return (
    <div className={styles.shell} data-sidebar-open={isOpen || undefined}>
      <a className={styles.skip} href="#main">
        {strings.shell.skipToContent}
      </a>
      <div className={styles.sidebar} id="sidebar">
        {sidebar}
      </div>
      {isOpen && <div className={styles.scrim} onClick={() => setOpen(false)} aria-hidden="true" />}
      <div className={styles.content}>
        <div className={styles.topBar} id={topBarId}>
          <IconButton
            label={isOpen ? strings.shell.closeSidebar : strings.shell.openSidebar}
            aria-expanded={isOpen}
            aria-controls="sidebar"
            onClick={() => setOpen(!isOpen)}
          >
            <Menu />
          </IconButton>
        </div>
        {notice}
        <main className={styles.main} id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  )
}
