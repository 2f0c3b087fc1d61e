import { type ExecutionResult, GraphQLError } from 'graphql'
import { waitForAbort } from '../../../lib/async/wait-for-abort.ts'
import type { SubscriptionResults } from './subscription-results.ts'

export interface SubscriptionEndOptions {
  readonly isStopping: () => boolean
  /** Makes the errors of a result public. */
  readonly formatResult: (result: ExecutionResult) => ExecutionResult
  /** Aborts when the transport closes the connection. */
  readonly signal: AbortSignal
  /** Called once, when no further result is asked for. */
  readonly onEnd: () => void
}

/**
 * Decides how a subscription ends. It does not complete while the server is stopping: its client is to reconnect, and a
 * subscription that completes has nothing more to say. The transport closes the connection instead, which aborts the
 * signal. If the session that it follows is deleted, it completes without the error of an event that could not be read. If
 * its events cannot be read, or what they tell of cannot be saved, its last result is the error.
 */
export function guardSubscriptionEnd(
  results: SubscriptionResults,
  { isStopping, formatResult, signal, onEnd }: SubscriptionEndOptions,
): SubscriptionResults {
  let hasEnded = false
  const end = (): void => {
    if (!hasEnded) onEnd()
    hasEnded = true
  }
  const readNext = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    try {
      return await results.next()
    } catch (error) {
      return { value: formatResult({ errors: [toGraphQLError(error)] }) }
    }
  }
  return {
    isFullyRead: results.isFullyRead,
    isSessionRemoved: () => results.isSessionRemoved(),
    sendSharedTo: (sink) => results.sendSharedTo(sink),
    async next() {
      const result = await readNext()
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

function toGraphQLError(error: unknown): GraphQLError {
  const originalError = error instanceof Error ? error : new Error(String(error))
  return new GraphQLError(originalError.message, { originalError })
}
