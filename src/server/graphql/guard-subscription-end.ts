import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import type { SubscriptionResultStream } from './execute-operation.ts'

/**
 * Decides how a subscription ends. It does not complete while the server is stopping: its client is to reconnect, and a
 * subscription that completes has nothing more to say. The transport closes the connection instead, which aborts the
 * signal. If the session that it follows is deleted, it completes without the error of an event that could not be read.
 */
export function guardSubscriptionEnd(
  results: SubscriptionResultStream,
  isStopping: () => boolean,
  signal: AbortSignal,
): SubscriptionResultStream {
  return {
    isFullyRead: results.isFullyRead,
    isSessionRemoved: () => results.isSessionRemoved(),
    async next() {
      const result = await results.next()
      if (!result.done && result.value.errors && results.isSessionRemoved()) return results.return()
      if (result.done && !results.isFullyRead && isStopping()) await waitForAbort(signal)
      return result
    },
    return: (value) => results.return(value),
    throw: (error) => results.throw(error),
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: () => results[Symbol.asyncDispose](),
  }
}
