import { type Client, createClient } from 'graphql-ws'
import { SegueError } from '../segue-error.ts'
import { AsyncQueue } from './async-queue.ts'
import { ConnectionLostError, createConnectionLostError } from '../connection/connection-lost-error.ts'
import { createHeartbeatTimeout, IdleTimeout } from '../connection/idle-timeout.ts'
import { createResponseError, type ExecutionResult, toResult } from '../http/read-result.ts'
import { readAuthorization, type Token } from '../connection/read-authorization.ts'
import type { ConnectionObserver } from '../connection/connection-observer.ts'
import type { ReconnectOptions } from '../connection/reconnect-options.ts'
import type { SegueClientOptions } from '../segue-client.ts'
import type { Operation, SubscriptionTransport } from './transport.ts'

export interface WebSocketTransportOptions {
  /** Of the GraphQL endpoint, with http or https. */
  readonly url: string
  readonly token: Token | undefined
  readonly webSocketImpl: SegueClientOptions['webSocketImpl'] | undefined
  readonly reconnect: ReconnectOptions
  readonly connection: ConnectionObserver
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
export async function createWebSocketTransport(options: WebSocketTransportOptions): Promise<SubscriptionTransport> {
  const socket = createWebSocketClient(options, await options.webSocketImpl)
  return {
    async *subscribe({ query, variables }: Operation, signal: AbortSignal) {
      const queue = new AsyncQueue<ExecutionResult>()
      let hasReceived = false
      const unsubscribe = socket.client.subscribe(
        { query, variables: { ...variables } },
        {
          next: (result) => {
            hasReceived = true
            queue.push(toResult(result))
          },
          error: (error) => {
            // All lose the socket, whichever of them is refused: not one of which a result has arrived.
            const refusal = readErrors(error) ?? (hasReceived ? null : readRefusal(error))
            queue.end({ error: refusal ?? socket.describeLoss(error) })
          },
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
      void Promise.resolve(socket.client.dispose()).catch(() => undefined)
    },
  }
}

interface WebSocketClient {
  readonly client: Client
  /** The error for the end of the newest connection. */
  describeLoss(cause: unknown): ConnectionLostError
}

function createWebSocketClient(
  options: WebSocketTransportOptions,
  webSocketImpl: typeof WebSocket | undefined,
): WebSocketClient {
  const { token, reconnect, connection } = options
  const url = options.url.replace(/^http/, 'ws')
  let idle: IdleTimeout | null = null
  let wasOpen = false
  const stopIdle = (): void => idle?.stop()
  const client = createClient({
    url,
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
        wasOpen = false
        idle = new IdleTimeout(createHeartbeatTimeout(reconnect), () => client.terminate())
      },
      opened: () => {
        wasOpen = true
      },
      message: () => {
        idle?.touch()
        connection.report(null)
      },
      closed: stopIdle,
      error: stopIdle,
    },
  })
  return { client, describeLoss: (cause) => createConnectionLostError(url, wasOpen, cause) }
}

/** The error, if graphql-ws reports the errors of a response, or why there is no token. */
function readErrors(error: unknown): Error | null {
  if (Array.isArray(error)) return createResponseError(error)
  return error instanceof SegueError || error instanceof ConnectionLostError ? error : null
}

/** The error, if graphql-ws reports a close event that refuses something. */
function readRefusal(error: unknown): SegueError | null {
  const { code, reason } = readCloseEvent(error)
  const refusal = refusals[code]
  if (refusal === undefined) return null
  return new SegueError(refusal, reason || `The server closed the connection with code ${code}.`, { cause: error })
}

/** The fields of a close event are not its own properties, so a copy has none. */
function readCloseEvent(error: unknown): { readonly code: number; readonly reason: string } {
  if (typeof error !== 'object' || error === null) return { code: 0, reason: '' }
  return {
    code: 'code' in error ? Number(error.code) : 0,
    reason: 'reason' in error ? String(error.reason) : '',
  }
}
