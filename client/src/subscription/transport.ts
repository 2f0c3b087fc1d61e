import type { ExecutionResult } from '../http/read-result.ts'

/** What a server is asked. */
export interface Operation {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** How the results of subscriptions arrive. */
export interface SubscriptionTransport {
  /**
   * The results, some of which may have errors. Ends when the server completes the operation, or the signal is aborted. Throws a SegueError if
   * the server refuses it, and a ConnectionLostError for anything else that ends it.
   */
  subscribe(operation: Operation, signal: AbortSignal): AsyncGenerator<ExecutionResult, void>
  close(): void
}
