import { setTimeout as delay } from 'node:timers/promises'
import type { ChangeNotifier } from './change-notifier.ts'

export interface NotificationHandler {
  readonly notifier: ChangeNotifier
  /** What is known already. Default: everything until now. */
  readonly sinceVersion?: number
  readonly handle: () => Promise<void>
  /** Is told why `handle` has failed. */
  readonly onError: (error: unknown) => void
  /** After how many milliseconds `handle` is called again if it has failed. Default: after the next notification. */
  readonly retryAfterMs?: number
}

/** Calls `handle` after notifications, one call at a time, until the notifier is closed. Never rejects. */
export async function handleNotifications(handler: NotificationHandler): Promise<void> {
  const { notifier, handle, onError, retryAfterMs } = handler
  const { signal } = new AbortController()
  for (let version = handler.sinceVersion ?? notifier.version; !notifier.isClosed;) {
    await notifier.wait(version, signal)
    version = notifier.version
    if (notifier.isClosed) return
    while (!(await succeeds(handle, onError))) {
      if (retryAfterMs === undefined) break
      await delay(retryAfterMs, undefined, { ref: false })
      if (notifier.isClosed) return
    }
  }
}

async function succeeds(handle: () => Promise<void>, onError: (error: unknown) => void): Promise<boolean> {
  try {
    await handle()
    return true
  } catch (error) {
    onError(error)
    return false
  }
}
