import type { SegueClient } from 'segue-client'
import { toChatPath } from '../routing/routes.ts'
import type { Activity } from './activity/activity.ts'
import { describeActivity } from './activity/describe-activity.ts'
import { NotifyingWindow } from './notifying-window.ts'
import { readNotificationChoice } from './permission.ts'
import { followNotificationClicks, showNotification, type ShownNotification } from './shown-notification.ts'

/** Shows browser notifications of what happens while no window of the app can be seen, each once. */
export class ActivityNotifier {
  readonly #client: SegueClient
  readonly #window = 'locks' in navigator ? new NotifyingWindow() : null
  readonly #shown = new Map<string, ShownNotification>()
  readonly #stopFollowingClicks = followNotificationClicks()

  constructor(client: SegueClient) {
    this.#client = client
  }

  async notify(activity: Activity): Promise<void> {
    if (readNotificationChoice() !== 'on' || !(await this.#window?.canNotify())) return
    const description = await describeActivity(this.#client, activity)
    if (!description) return
    const { id, sessionId } = activity
    const { title, text: body } = description
    const path = toChatPath(sessionId)
    const shown = await showNotification({ title, body, tag: id, path }, () => this.#shown.delete(id))
    if (shown) this.#shown.set(id, shown)
  }

  /** What asked does not wait any more. */
  withdraw(id: string): void {
    this.#shown.get(id)?.close()
    this.#shown.delete(id)
  }

  close(): void {
    this.#window?.close()
    this.#stopFollowingClicks()
  }
}
