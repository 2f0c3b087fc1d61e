import { SquarePen } from 'lucide-react'
import { Link } from 'wouter'
import { routes } from '../app/routes.ts'
import { ThemeSwitch } from '../app/theme-switch.tsx'
import { useServerVersion } from '../app/use-server-version.ts'
import { InboxLink } from '../inbox/inbox-link.tsx'
import { strings } from '../strings/strings.ts'
import { ChatList } from './list/chat-list.tsx'
import { Navigation } from './navigation.tsx'
import styles from './sidebar.module.css'

/** The way to a new chat, to all chats, and to the other views. */
export function Sidebar() {
  const version = useServerVersion()
  return (
    <nav className={styles.sidebar} aria-label={strings.sidebar.label}>
      <Link href={routes.home} className={styles.newChat}>
        <SquarePen aria-hidden="true" />
        {strings.sidebar.newChat}
      </Link>
      <InboxLink />
      <ChatList />
      <Navigation />
      <footer className={styles.footer}>
        <span>{version !== null && `${strings.appName} ${version}`}</span>
        <ThemeSwitch />
      </footer>
    </nav>
  )
}
