import { SegueError } from '../segue-error.ts'
import { Backoff } from '../connection/backoff.ts'
import type { ConnectionObserver } from '../connection/connection-observer.ts'
import type { ReconnectOptions } from '../connection/reconnect-options.ts'
import { ConnectionLostError } from '../connection/connection-lost-error.ts'
import { createResponseError, type ExecutionResult } from '../http/read-result.ts'
import type { Operation, SubscriptionTransport } from './transport.ts'

export interface SubscriberOptions {
  readonly transport: SubscriptionTransport
  readonly reconnect: ReconnectOptions
  readonly connection: ConnectionObserver
}

/**
 * The values of the field `event` of a subscription, for as long as it takes: whenever the connection is lost, the
 * operation that `createOperation` returns then is sent. Ends when the server completes it, what it follows was deleted, or
 * the signal is aborted. Throws a SegueError if the server refuses it.
 *
 * @typeParam Event What the documents of the library select.
 */
export async function* subscribeWithRetry<Event>(
  { transport, reconnect, connection }: SubscriberOptions,
  createOperation: () => Operation,
  signal: AbortSignal,
): AsyncGenerator<Event, void> {
  const backoff = new Backoff(reconnect)
  let hasReceived = false
  while (!signal.aborted) {
    try {
      for await (const result of transport.subscribe(createOperation(), signal)) {
        const event = readEvent<Event>(result)
        backoff.reset()
        hasReceived = true
        yield event
      }
      return
    } catch (error) {
      if (signal.aborted) return
      // It was deleted during a cut. Without the cut, the server would have completed the operation.
      if (hasReceived && error instanceof SegueError && error.code === 'NOT_FOUND') return
      connection.report(error)
      if (!(error instanceof ConnectionLostError)) throw error
    }
    await backoff.wait(signal)
  }
}

function readEvent<Event>({ data, errors }: ExecutionResult): Event {
  const event = data?.['event']
  if (event === undefined || event === null) throw createResponseError(errors ?? [], data)
  // The server's schema and the document of the operation say what it is.
  return event as Event
}
