import { Menu, X } from 'lucide-react'
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useLocationProperty, usePathname } from 'wouter/use-browser-location'
import { IconButton } from '../components/buttons/icon-button.tsx'
import { strings } from '../strings/strings.ts'
import styles from './shell.module.css'
import { topBarId } from '../routing/top-bar.ts'

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
  const messageInPath = useLocationProperty(() => location.hash)
  // Whoever has chosen something in the sidebar wants to see it.
  useEffect(() => setOpen(false), [path, messageInPath])
  const menuButton = useRef<HTMLButtonElement>(null)
  const close = (): void => {
    // The button can have the focus again once the sidebar is gone.
    flushSync(() => setOpen(false))
    menuButton.current?.focus()
  }
  return (
    <div className={styles.shell} data-sidebar-open={isOpen || undefined}>
      <a className={styles.skip} href="#main" onClick={skipToMain}>
        {strings.shell.skipToContent}
      </a>
      <div className={styles.sidebar} id="sidebar" onKeyDown={(event) => isOpen && event.key === 'Escape' && close()}>
        {sidebar}
        {isOpen && (
          <IconButton ref={focusOnce} className={styles.close ?? ''} label={strings.shell.closeSidebar} onClick={close}>
            <X />
          </IconButton>
        )}
      </div>
      {isOpen && <div className={styles.scrim} onClick={close} aria-hidden="true" />}
      {/* What is behind the sidebar cannot be reached until that is closed. */}
      <div className={styles.content} inert={isOpen}>
        <div className={styles.topBar} id={topBarId}>
          <IconButton
            ref={menuButton}
            label={strings.shell.openSidebar}
            aria-expanded={isOpen}
            aria-controls="sidebar"
            onClick={() => setOpen(true)}
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

/** The address stays: it names what is shown. */
function skipToMain(event: MouseEvent): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

const focusOnce = (button: HTMLButtonElement | null): void => button?.focus()
