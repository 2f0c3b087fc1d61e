import { Inbox } from 'lucide-react'
import { useViewTitle } from '../app/page-title.tsx'
import { useWaitingDecisions } from '../decisions/waiting/use-waiting-decisions.ts'
import { strings } from '../strings/strings.ts'
import { InboxItem } from './inbox-item.tsx'
import styles from './inbox.module.css'

/** Everything that waits for a person, in all chats and profiles, to be answered in place. */
export default function InboxView() {
  const { waiting, isLoading, error } = useWaitingDecisions()
  useViewTitle(strings.inbox.title)
  const hasProfiles = new Set(waiting.map(({ profile }) => profile)).size > 1
  return (
    <div className={styles.scroller}>
      <div className={styles.column}>
        <header className={styles.header}>
          <h1 className={styles.title}>{strings.inbox.title}</h1>
        </header>
        {error && <p role="alert">{error.message}</p>}
        <ul className={styles.list} aria-label={strings.inbox.waiting} aria-busy={isLoading}>
          {waiting.map(({ profile, decision }) => (
            <InboxItem key={decision.id} profile={profile} decision={decision} showsProfile={hasProfiles} />
          ))}
        </ul>
        {!isLoading && waiting.length === 0 && (
          <div className={styles.empty}>
            <Inbox aria-hidden="true" />
            <p className={styles.emptyTitle}>{strings.inbox.empty}</p>
            <p>{strings.inbox.emptyHint}</p>
          </div>
        )}
      </div>
    </div>
  )
}
