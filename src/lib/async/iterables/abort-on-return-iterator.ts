/**
 * An async iterator whose `return` takes effect while a `next` is pending: it aborts the signal that `start` is given.
 * The `return` of a plain generator waits for the pending `next` first.
 */
export function createAbortOnReturnIterator<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T, void, void>,
): AsyncIterableIterator<T> {
  const controller = new AbortController()
  const generator = start(controller.signal)
  return {
    next: () => generator.next(),
    return: () => {
      controller.abort()
      return generator.return()
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
