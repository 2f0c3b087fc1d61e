import { linkAbortSignals } from './link-abort-signals.ts'

/**
 * An iteration that can be left at any time, also while it waits for its next value: by `return`, as `break` in a loop calls
 * it, or by one of the signals.
 */
export function createLeavableIterator<Item>(
  start: (leaving: AbortSignal) => AsyncGenerator<Item, void>,
  signals: readonly (AbortSignal | undefined)[],
): AsyncIterableIterator<Item> {
  const leaving = new AbortController()
  const unlink = linkAbortSignals(leaving, signals)
  const generator = runAndFinish(start(leaving.signal), unlink)
  const iterator: AsyncIterableIterator<Item> = {
    next: () => generator.next(),
    return: () => {
      leaving.abort()
      return generator.return()
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

async function* runAndFinish<Item>(items: AsyncGenerator<Item, void>, finish: () => void): AsyncGenerator<Item, void> {
  try {
    yield* items
  } finally {
    finish()
  }
}
