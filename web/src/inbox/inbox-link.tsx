import { Inbox } from 'lucide-react'
import { usePathname } from 'wouter/use-browser-location'
import { Link } from 'wouter'
import { routes } from '../routing/routes.ts'
import { useWaitingCount } from '../decisions/waiting/use-waiting-decisions.ts'
import { strings } from '../strings/strings.ts'
import styles from './inbox-link.module.css'

/** The way to the inbox, with how much waits there. */
export function InboxLink() {
  const count = useWaitingCount()
  const path = usePathname()
  return (
    <Link href={routes.inbox} className={styles.link} aria-current={path === routes.inbox ? 'page' : undefined}>
      <Inbox aria-hidden="true" />
      <span className={styles.name}>{strings.inbox.link}</span>
      {count > 0 && (
        <>
          <span className={styles.count} aria-hidden="true">
            {count}
          </span>
          <span className="visually-hidden">{strings.inbox.count(count)}</span>
        </>
      )}
    </Link>
  )
}
