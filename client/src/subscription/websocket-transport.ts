import { type Client, createClient } from 'graphql-ws'
import { SegueError } from '../segue-error.ts'
import { AsyncQueue } from './async-queue.ts'
import { ConnectionLostError } from '../connection/connection-lost-error.ts'
import { createHeartbeatTimeout, IdleTimeout } from '../connection/idle-timeout.ts'
import { createResponseError, type ExecutionResult, toResult } from '../http/read-result.ts'
import { readAuthorization, type Token } from '../connection/read-authorization.ts'
import type { ReconnectOptions } from '../connection/reconnect-options.ts'
import type { Operation, SubscriptionTransport } from './transport.ts'

export interface WebSocketTransportOptions {
  /** Of the GraphQL endpoint, with http or https. */
  readonly url: string
  readonly token: Token | undefined
  readonly webSocketImpl: typeof WebSocket | undefined
  readonly reconnect: ReconnectOptions
}

/** Close codes after which another try would end in the same way. All others are lost connections. */
const refusals: Readonly<Record<number, string>> = {
  1009: 'TOO_LARGE',
  4400: 'BAD_USER_INPUT',
  4401: 'UNAUTHENTICATED',
  4403: 'FORBIDDEN',
  4406: 'UNEXPECTED_RESPONSE',
  4409: 'INTERNAL',
  4429: 'INTERNAL',
  4500: 'INTERNAL',
}

/** Subscriptions over one WebSocket, which is open while there are any. */
export function createWebSocketTransport(options: WebSocketTransportOptions): SubscriptionTransport {
  const client = createWebSocketClient(options)
  return {
    async *subscribe({ query, variables }: Operation, signal: AbortSignal) {
      const queue = new AsyncQueue<ExecutionResult>()
      const unsubscribe = client.subscribe(
        { query, variables: { ...variables } },
        {
          next: (result) => queue.push(toResult(result)),
          error: (error) => queue.end({ error: toError(error) }),
          complete: () => queue.end(),
        },
      )
      const leave = (): void => queue.end()
      signal.addEventListener('abort', leave)
      try {
        yield* queue.iterate()
      } finally {
        signal.removeEventListener('abort', leave)
        unsubscribe()
      }
    },
    close: () => {
      // It rejects if the connection was being opened and could not be: then it is closed as well.
      void Promise.resolve(client.dispose()).catch(() => undefined)
    },
  }
}

function createWebSocketClient({ url, token, webSocketImpl, reconnect }: WebSocketTransportOptions): Client {
  let idle: IdleTimeout | null = null
  const stopIdle = (): void => idle?.stop()
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: async () => {
      const authorization = await readAuthorization(token)
      return authorization === null ? undefined : { authorization }
    },
    ...(webSocketImpl && { webSocketImpl }),
    // Subscriptions are resumed with their cursors, by the caller.
    retryAttempts: 0,
    // The next chat, or a page that renders again, needs no new connection.
    lazyCloseTimeout: 1000,
    keepAlive: reconnect.idleTimeoutMs / 3,
    on: {
      connecting: () => {
        stopIdle()
        idle = new IdleTimeout(createHeartbeatTimeout(reconnect), () => client.terminate())
      },
      message: () => idle?.touch(),
      closed: stopIdle,
      error: stopIdle,
    },
  })
  return client
}

/** What graphql-ws reports: the errors of a response, why there is no token, a close event, or anything else. */
function toError(error: unknown): Error {
  if (Array.isArray(error)) return createResponseError(error)
  if (error instanceof SegueError || error instanceof ConnectionLostError) return error
  const { code, reason } = readCloseEvent(error)
  const refusal = refusals[code]
  if (refusal === undefined) return new ConnectionLostError('The connection to the server is lost.', { cause: error })
  return new SegueError(refusal, reason || `The server closed the connection with code ${code}.`, { cause: error })
}

function readCloseEvent(error: unknown): { readonly code: number; readonly reason: string } {
  const { code, reason } =
    typeof error === 'object' && error !== null ? { code: 0, reason: '', ...error } : { code: 0, reason: '' }
  return { code, reason }
}
