import { Bell, BellRing } from 'lucide-react'
import { Button } from '../components/buttons/button.tsx'
import { strings } from '../strings/strings.ts'
import styles from './notification-switch.module.css'
import { turnNotificationsOff, turnNotificationsOn, useNotificationChoice } from './permission.ts'

/** Turns notifications on and off. The browser is asked only by a click on it. */
export function NotificationSwitch() {
  const choice = useNotificationChoice()
  if (choice === 'unsupported') return null
  if (choice === 'blocked') return <p className={styles.blocked}>{strings.notifications.blocked}</p>
  const isOn = choice === 'on'
  const Icon = isOn ? BellRing : Bell
  return (
    <Button
      kind="quiet"
      aria-pressed={isOn}
      title={strings.notifications.meaning}
      onClick={() => (isOn ? turnNotificationsOff() : void turnNotificationsOn())}
    >
      <Icon aria-hidden="true" />
      {isOn ? strings.notifications.on : strings.notifications.turnOn}
    </Button>
  )
}
