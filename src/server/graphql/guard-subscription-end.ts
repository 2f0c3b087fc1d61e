import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import type { SubscriptionResultStream } from './execute-operation.ts'

export interface SubscriptionEndOptions {
  readonly isStopping: () => boolean
  /** Aborts when the transport closes the connection. */
  readonly signal: AbortSignal
  /** Called once, when no further result is asked for. */
  readonly onEnd: () => void
}

/**
 * Decides how a subscription ends. It does not complete while the server is stopping: its client is to reconnect, and a
 * subscription that completes has nothing more to say. The transport closes the connection instead, which aborts the
 * signal. If the session that it follows is deleted, it completes without the error of an event that could not be read.
 */
export function guardSubscriptionEnd(
  results: SubscriptionResultStream,
  { isStopping, signal, onEnd }: SubscriptionEndOptions,
): SubscriptionResultStream {
  let hasEnded = false
  const end = (): void => {
    if (!hasEnded) onEnd()
    hasEnded = true
  }
  return {
    isFullyRead: results.isFullyRead,
    isSessionRemoved: () => results.isSessionRemoved(),
    async next() {
      const result = await results.next().catch((error: unknown) => {
        end()
        throw error
      })
      if (!result.done && result.value.errors && results.isSessionRemoved()) return this.return()
      if (result.done) end()
      if (result.done && !results.isFullyRead && isStopping()) await waitForAbort(signal)
      return result
    },
    return: (value) => {
      end()
      return results.return(value)
    },
    throw: (error) => {
      end()
      return results.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: () => results[Symbol.asyncDispose](),
  }
}
