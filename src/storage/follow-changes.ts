import type { ChangeNotifier } from './change-notifier.ts'

/** A record and the number of its latest change, counted over all records of the feed. */
export interface ChangedRecord<T> {
  readonly changeSeq: number
  readonly record: T
}

/** Records that are open until they are settled, with a number for each change. */
export interface ChangeFeed<T> {
  /** Notifies after each change. */
  readonly notifier: ChangeNotifier
  loadLatestChangeSeq(): Promise<number>
  /** The open ones. The order is that in which they are delivered. */
  listOpen(): AsyncIterable<ChangedRecord<T>>
  /** Those that were settled after a time, in the order of their latest changes, as many as are delivered. */
  listSettled(): Promise<readonly ChangedRecord<T>[]>
  /** Those that changed after a change, in that order, each as it is now. Fewer than there are, but not none. */
  listChanged(afterChangeSeq: number): Promise<readonly ChangedRecord<T>[]>
}

/**
 * Everything that is open, then what was settled lately, then each record that changes. Nothing that changes meanwhile is
 * missed, and nothing is delivered twice without a change. Ends when the notifier is closed.
 */
export async function* followChanges<T>(feed: ChangeFeed<T>, signal: AbortSignal): AsyncGenerator<T, void, void> {
  const { notifier } = feed
  let version = notifier.version
  // What changes during the next two lists has a greater number, and follows after them.
  const latestChangeSeq = await feed.loadLatestChangeSeq()
  for await (const { changeSeq, record } of feed.listOpen()) {
    if (signal.aborted) return
    if (changeSeq <= latestChangeSeq) yield record
  }
  for (const { changeSeq, record } of await feed.listSettled()) {
    if (signal.aborted) return
    if (changeSeq <= latestChangeSeq) yield record
  }
  let cursor = latestChangeSeq
  while (!signal.aborted && !notifier.isClosed) {
    const changed = await feed.listChanged(cursor)
    for (const { changeSeq, record } of changed) {
      cursor = changeSeq
      yield record
    }
    if (changed.length > 0) continue
    await notifier.wait(version, signal)
    version = notifier.version
  }
}
