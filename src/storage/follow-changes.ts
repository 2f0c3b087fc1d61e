import { mergeAsyncIterables } from '../lib/async/iterables/merge-async-iterables.ts'
import type { ChangeNotifier } from './change-notifier.ts'

/** A record and the number of its latest change, counted over all records of the feed. */
export interface ChangedRecord<T> {
  readonly changeSeq: number
  readonly record: T
}

/** One origin of records that are open until they are settled, with a number for each change. */
export interface ChangeSource<T> {
  loadLatestChangeSeq(): Promise<number>
  /** The open ones. The order is that in which they are delivered. */
  listOpen(): AsyncIterable<ChangedRecord<T>>
  /** Those that were settled after a time, in the order of their latest changes, as many as are delivered. */
  listSettled(): Promise<readonly ChangedRecord<T>[]>
  /** Those that changed after a change, in that order, each as it is now. Fewer than there are, but not none. */
  listChanged(afterChangeSeq: number): Promise<readonly ChangedRecord<T>[]>
}

/** Records of one kind, of one or several origins. */
export interface ChangeFeed<T> {
  /** Notifies after each change, of whichever origin. */
  readonly notifier: ChangeNotifier
  readonly sources: readonly ChangeSource<T>[]
  /** Makes one list of those of several origins that were settled; by default, one origin follows the other. */
  readonly mergeSettled?: (records: readonly T[]) => readonly T[]
}

/** A source, and the number of the change up to which it was read. */
interface ChangeCursor<T> {
  readonly source: ChangeSource<T>
  readonly changeSeq: number
}

/**
 * Everything that is open, then what was settled lately, then each record that changes. Nothing that changes meanwhile is
 * missed, and nothing is delivered twice without a change. Ends when the notifier is closed.
 */
export async function* followChanges<T>(
  { notifier, sources, mergeSettled = (records) => records }: ChangeFeed<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  const { version } = notifier
  // What changes during the next two lists has a greater number, and follows after them.
  const cursors = await Promise.all(
    sources.map(async (source) => ({ source, changeSeq: await source.loadLatestChangeSeq() })),
  )
  for (const { source, changeSeq: latest } of cursors) {
    for await (const { changeSeq, record } of source.listOpen()) {
      if (signal.aborted) return
      if (changeSeq <= latest) yield record
    }
  }
  const settled = await Promise.all(
    cursors.map(async ({ source, changeSeq: latest }) =>
      (await source.listSettled()).filter(({ changeSeq }) => changeSeq <= latest).map(({ record }) => record),
    ),
  )
  for (const record of mergeSettled(settled.flat())) {
    if (signal.aborted) return
    yield record
  }
  yield* mergeAsyncIterables(cursors.map((cursor) => followSource(cursor, notifier, version, signal)))
}

/** What changes in one source after `changeSeq`. `version`: that of the notifier when the source was read. */
async function* followSource<T>(
  { source, changeSeq }: ChangeCursor<T>,
  notifier: ChangeNotifier,
  version: number,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  let [cursor, lastVersion] = [changeSeq, version]
  while (!signal.aborted && !notifier.isClosed) {
    const changed = await source.listChanged(cursor)
    for (const { changeSeq: seq, record } of changed) {
      cursor = seq
      yield record
    }
    if (changed.length > 0) continue
    await notifier.wait(lastVersion, signal)
    lastVersion = notifier.version
  }
}
