import { Inbox } from 'lucide-react'
import { useViewTitle } from '../routing/view-title.ts'
import { useWaitingDecisions } from '../decisions/waiting/use-waiting-decisions.ts'
import { NotificationSwitch } from '../notifications/notification-switch.tsx'
import { useProfileNames } from '../profiles/use-profile-names.ts'
import { strings } from '../strings/strings.ts'
import { InboxItem } from './inbox-item.tsx'
import styles from './inbox.module.css'
import { UnreadChats } from './unread-chats.tsx'
import { useShownDecisions } from './use-shown-decisions.ts'

/** Everything that waits for a person, in all chats and profiles, to be answered in place; below it, what is unread. */
export default function InboxView() {
  useViewTitle(strings.inbox.title)
  const { waiting, isLoading, error } = useWaitingDecisions()
  const { shown, isSettling } = useShownDecisions(waiting)
  const profiles = useProfileNames()
  const hasProfiles = profiles.length > 1
  return (
    <div className={styles.scroller}>
      <div className={styles.column}>
        <header className={styles.header}>
          <h1 className={styles.title}>{strings.inbox.title}</h1>
          <NotificationSwitch />
        </header>
        {error && <p role="alert">{error.message}</p>}
        <ul
          className={styles.list}
          aria-label={strings.inbox.waiting}
          aria-busy={isLoading}
          data-settling={isSettling || undefined}
        >
          {shown.map(({ profile, decision, isGone }) => (
            <InboxItem
              key={decision.id}
              profile={profile}
              decision={decision}
              isGone={isGone}
              showsProfile={hasProfiles}
            />
          ))}
        </ul>
        {!isLoading && waiting.length === 0 && (
          <div className={styles.empty}>
            <Inbox aria-hidden="true" />
            <p className={styles.emptyTitle}>{strings.inbox.empty}</p>
            <p>{strings.inbox.emptyHint}</p>
          </div>
        )}
        {profiles.map((profile) => (
          <UnreadChats key={profile} profile={profile} showsProfile={hasProfiles} />
        ))}
      </div>
    </div>
  )
}
