import type { ChangeNotifier } from './change-notifier.ts'

export interface NotificationHandler {
  readonly notifier: ChangeNotifier
  /** What is known already. Default: everything until now. */
  readonly sinceVersion?: number
  readonly handle: () => Promise<void>
  /** Is told why `handle` has failed. */
  readonly onError: (error: unknown) => void
}

/** Calls `handle` after notifications, one call at a time, until the notifier is closed. Never rejects. */
export async function handleNotifications(handler: NotificationHandler): Promise<void> {
  const { notifier, handle, onError } = handler
  const { signal } = new AbortController()
  for (let version = handler.sinceVersion ?? notifier.version; !notifier.isClosed;) {
    await notifier.wait(version, signal)
    version = notifier.version
    if (notifier.isClosed) return
    await handle().catch(onError)
  }
}
