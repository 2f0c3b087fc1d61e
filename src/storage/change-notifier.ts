/**
 * Tells those who wait that something was committed; they read what it was themselves, from their own cursor. The store
 * notifies after the commit. Within one process this is a `Notifier` of `lib`; where several processes share a
 * database, the store also passes on the commits of the others.
 */
export interface ChangeNotifier {
  /** How often it was notified. Read it before reading the data, then pass it to `wait`. */
  readonly version: number
  readonly isClosed: boolean
  notify(): void
  /** Resolves when `version` is greater than this, it is closed, or the signal aborts. */
  wait(sinceVersion: number, signal: AbortSignal): Promise<void>
  /** Wakes everyone; nobody waits any more. */
  close(): void
}

/** One notifier for each numbered feed of a profile. */
export interface ProfileChangeNotifiers {
  readonly decisions: ChangeNotifier
  readonly jobRuns: ChangeNotifier
  /** Another process has added an approval rule, or may have. Never where a home belongs to one process. */
  readonly foreignApprovalRules: ChangeNotifier
  /** Streams and runs of jobs may have lost the process that ran them, or could not be recovered. */
  readonly orphans: ChangeNotifier
}
