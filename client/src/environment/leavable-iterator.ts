import { createAbortOnReturnIterator } from '../../../src/lib/async/iterables/abort-on-return-iterator.ts'
import { linkAbortSignals } from './link-abort-signals.ts'

/**
 * An iteration that can be left at any time, also while it waits for its next value: by `return`, as `break` in a loop calls
 * it, or by one of the signals. It has no value after that. It listens to the signals from its first value to its end.
 *
 * @param start Must end soon after its signal is aborted.
 */
export function createLeavableIterator<Item>(
  start: (leaving: AbortSignal) => AsyncIterable<Item>,
  signals: readonly (AbortSignal | undefined)[],
): AsyncIterableIterator<Item> {
  return createAbortOnReturnIterator((returned) => iterate(start, [returned, ...signals]))
}

async function* iterate<Item>(
  start: (leaving: AbortSignal) => AsyncIterable<Item>,
  signals: readonly (AbortSignal | undefined)[],
): AsyncGenerator<Item, void> {
  const leaving = new AbortController()
  const unlink = linkAbortSignals(leaving, signals)
  try {
    for await (const item of start(leaving.signal)) {
      // Several may have arrived at once.
      if (leaving.signal.aborted) return
      yield item
    }
  } finally {
    unlink()
  }
}
