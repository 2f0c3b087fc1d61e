import type { ChangeNotifier } from './change-notifier.ts'

export interface NotificationHandler {
  readonly notifier: ChangeNotifier
  /** What is known already. Default: everything until now. */
  readonly sinceVersion?: number
  readonly handle: () => Promise<void>
  /** Is told why `handle` has failed. */
  readonly onError: (error: unknown) => void
  /**
   * After how many milliseconds `handle` is called again if it has failed, unless there is a notification before; twice as many after
   * each further failure, up to 64 times. Default: after the next notification.
   */
  readonly retryAfterMs?: number
}

const maxDoublings = 6

/** Calls `handle` after notifications, one call at a time, until the notifier is closed. Never rejects. */
export async function handleNotifications(handler: NotificationHandler): Promise<void> {
  const { notifier, handle, onError, retryAfterMs } = handler
  const never = new AbortController().signal
  let failures = 0
  for (let version = handler.sinceVersion ?? notifier.version; !notifier.isClosed;) {
    const mustRetry = failures > 0 && retryAfterMs !== undefined
    const retry = mustRetry ? AbortSignal.timeout(retryAfterMs * 2 ** Math.min(failures - 1, maxDoublings)) : never
    await notifier.wait(version, retry)
    version = notifier.version
    if (notifier.isClosed) return
    failures = (await succeeds(handle, onError)) ? 0 : failures + 1
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
