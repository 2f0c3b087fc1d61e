import { SquarePen } from 'lucide-react'
import { useConversations } from 'segue-client/react'
import { Link } from 'wouter'
import { routes } from '../app/routes.ts'
import { ThemeSwitch } from '../app/theme-switch.tsx'
import { useServerVersion } from '../app/use-server-version.ts'
import { Button } from '../components/button.tsx'
import { strings } from '../strings/strings.ts'
import { ConversationRow } from './conversation-row.tsx'
import styles from './sidebar.module.css'

/** The chats, newest activity first, live. */
export function Sidebar() {
  const { conversations, isLoading, hasMore, error, loadMore } = useConversations()
  const version = useServerVersion()
  return (
    <nav className={styles.sidebar} aria-label={strings.sidebar.label}>
      <Link href={routes.home} className={styles.newChat}>
        <SquarePen aria-hidden="true" />
        {strings.sidebar.newChat}
      </Link>
      {error && <p role="alert">{error.message}</p>}
      <ul className={styles.list}>
        {conversations.map((conversation) => (
          <li key={conversation.id}>
            <ConversationRow conversation={conversation} />
          </li>
        ))}
      </ul>
      {!isLoading && conversations.length === 0 && <p className={styles.empty}>{strings.sidebar.empty}</p>}
      {hasMore && (
        <Button kind="quiet" onClick={() => void loadMore()}>
          {strings.sidebar.loadMore}
        </Button>
      )}
      <footer className={styles.footer}>
        <span>{version !== null && `${strings.appName} ${version}`}</span>
        <ThemeSwitch />
      </footer>
    </nav>
  )
}
