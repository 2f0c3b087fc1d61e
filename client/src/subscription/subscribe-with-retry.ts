import { SegueError } from '../segue-error.ts'
import { Backoff } from '../connection/backoff.ts'
import type { ConnectionObserver } from '../connection/connection-observer.ts'
import type { ReconnectOptions } from '../connection/reconnect-options.ts'
import { ConnectionLostError } from '../connection/connection-lost-error.ts'
import { createResponseError } from '../http/read-result.ts'
import type { Operation, SubscriptionTransport } from './transport.ts'

export interface SubscriberOptions {
  readonly transport: SubscriptionTransport
  readonly reconnect: ReconnectOptions
  readonly connection: ConnectionObserver
  /** Whether any subscription has got a result: others get theirs over the same connection, as soon. */
  isReady?: boolean
}

/**
 * The data of a subscription, for as long as it takes: whenever the connection is lost, the operation that `createOperation`
 * returns then is sent. So is one with a cursor (`after`) while the server cannot store the end of what it follows. Ends when the
 * server completes it, what it follows was deleted, or the signal is aborted. Throws a SegueError if the server refuses it.
 *
 * @typeParam Data What the document selects.
 */
export async function* subscribeWithRetry<Data>(
  subscriber: SubscriberOptions,
  createOperation: () => Operation,
  signal: AbortSignal,
): AsyncGenerator<Data, void> {
  const { transport, reconnect, connection } = subscriber
  const backoff = new Backoff(reconnect)
  let hasReceived = false
  while (!signal.aborted) {
    const operation = createOperation()
    try {
      for await (const { data, errors } of transport.subscribe(operation, signal)) {
        if (!data) throw createResponseError(errors ?? [])
        backoff.reset()
        subscriber.isReady = hasReceived = true
        // The server's schema and the document of the operation say what it is.
        yield data as Data
      }
      return
    } catch (error) {
      if (signal.aborted) return
      const code = error instanceof SegueError ? error.code : null
      // It was deleted during a cut. Without the cut, the server would have completed the operation.
      if (hasReceived && code === 'NOT_FOUND') return
      connection.report(error)
      const isTemporary = error instanceof ConnectionLostError || (code === 'STORAGE' && 'after' in operation.variables)
      if (!isTemporary) throw error
    }
    await backoff.wait(signal)
  }
}
