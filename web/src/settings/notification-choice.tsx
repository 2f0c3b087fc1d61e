import { NotificationSwitch } from '../notifications/notification-switch.tsx'
import { useNotificationChoice } from '../notifications/permission.ts'
import { strings } from '../strings/strings.ts'
import { Section } from './section.tsx'
import styles from './settings.module.css'

/** Whether the browser tells what asks or ends while the page is hidden. Absent where the browser cannot. */
export function NotificationChoice() {
  const choice = useNotificationChoice()
  if (choice === 'unsupported') return null
  return (
    <Section title={strings.settingsView.notifications.title} hint={strings.settingsView.notifications.hint}>
      <div className={styles.atEdge}>
        <NotificationSwitch />
      </div>
    </Section>
  )
}
