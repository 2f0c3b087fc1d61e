import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import type { SubscriptionResultStream } from './execute-operation.ts'

/**
 * Keeps a subscription from completing while the server is stopping: its client is to reconnect, and for a client a
 * completed subscription has nothing more to say. The transport closes the connection instead, which aborts the signal.
 */
export function withholdEndWhileStopping(
  results: SubscriptionResultStream,
  isStopping: () => boolean,
  signal: AbortSignal,
): SubscriptionResultStream {
  return {
    isFullyRead: results.isFullyRead,
    async next() {
      const result = await results.next()
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
