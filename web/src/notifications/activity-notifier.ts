import type { SegueClient } from 'segue-client'
import { navigate } from 'wouter/use-browser-location'
import { toChatPath } from '../routing/routes.ts'
import type { Activity } from './activity/activity.ts'
import { describeActivity } from './activity/describe-activity.ts'
import { NotifyingWindow } from './notifying-window.ts'
import { readNotificationChoice } from './permission.ts'

/** Shows browser notifications of what happens while no window of the app can be seen, each once. */
export class ActivityNotifier {
  readonly #client: SegueClient
  readonly #window = 'locks' in navigator ? new NotifyingWindow() : null
  readonly #shown = new Map<string, Notification>()

  constructor(client: SegueClient) {
    this.#client = client
  }

  async notify(activity: Activity): Promise<void> {
    if (readNotificationChoice() !== 'on' || !(await this.#window?.canNotify())) return
    const description = await describeActivity(this.#client, activity)
    if (description) this.#show(activity, description.title, description.text)
  }

  /** What asked does not wait any more. */
  withdraw(id: string): void {
    this.#shown.get(id)?.close()
  }

  close(): void {
    this.#window?.close()
  }

  #show({ id, sessionId }: Activity, title: string, body: string): void {
    const notification = this.#create(title, { body, tag: id, icon: '/icon.svg' })
    if (!notification) return
    this.#shown.set(id, notification)
    notification.addEventListener('close', () => this.#shown.delete(id))
    notification.addEventListener('click', () => {
      window.focus()
      navigate(toChatPath(sessionId))
      notification.close()
    })
  }

  /** Some browsers of phones allow them to service workers only. */
  #create(title: string, options: NotificationOptions): Notification | null {
    try {
      return new Notification(title, options)
    } catch {
      return null
    }
  }
}
