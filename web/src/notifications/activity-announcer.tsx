import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { getWaitingDecisions } from '../decisions/waiting/use-waiting-decisions.ts'
import { strings } from '../strings/strings.ts'
import type { Activity } from './activity/activity.ts'
import { describeActivity } from './activity/describe-activity.ts'
import { followActivity } from './activity/follow-activity.ts'
import { ActivityNotifier } from './activity-notifier.ts'

interface Announcement {
  readonly id: string
  readonly text: string
}

const maxAnnouncements = 5

/**
 * Tells screen readers, and, while the page is hidden, notifications, of answers that have ended and of what asks. Answers are
 * announced once they are finished: not each token.
 */
export default function ActivityAnnouncer() {
  const client = useSegueClient()
  const [announcements, setAnnouncements] = useState<readonly Announcement[]>([])
  useEffect(() => {
    const notifier = new ActivityNotifier(client)
    const announce = async (activity: Activity): Promise<void> => {
      const description = document.hidden ? null : await describeActivity(client, activity)
      if (!description) return
      const text = strings.notifications.announce(description.title, description.text)
      setAnnouncements((before) => [...before, { id: activity.id, text }].slice(-maxAnnouncements))
    }
    // What cannot be described now is in the list of chats.
    const onActivity = (activity: Activity): void => {
      announce(activity).catch(() => {})
      notifier.notify(activity).catch(() => {})
    }
    const onSettled = (id: string): void => notifier.withdraw(id)
    const stop = followActivity(client, getWaitingDecisions(client), { onActivity, onSettled })
    return () => {
      stop()
      notifier.close()
    }
  }, [client])
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-label={strings.notifications.label}>
      {announcements.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  )
}
