import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Limits } from '../config/limits.ts'
import { type Domain, newContext } from '../schema/context.ts'
import type { Execution } from './execution.ts'
import { prepare } from './operation.ts'
import { coded, publicError } from './public-error.ts'

export interface WebSocketOptions {
  readonly domain: Domain
  readonly execution: Execution
  readonly limits: Limits
  /** Milliseconds between two pings to a peer, and after how many without a word it is gone. */
  readonly heartbeat: number
  readonly silence: number
  readonly log: Logger
}

export interface WebSockets {
  /** How many are open. */
  readonly size: number
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): Promise<void>
}

const largestMessage = 16 * 1024 * 1024 // bytes
const tryAgainLater = 1013
const goodbye = 2000 // milliseconds that a peer has to take in why it is let go of

/** GraphQL over WebSocket, as graphql-transport-ws. */
export function newWebSockets({ domain, execution, limits, heartbeat, silence, log }: WebSocketOptions): WebSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: largestMessage })
  const onFault = (fault: unknown): void => log.error({ err: fault }, 'an operation failed')
  const { dispose } = useServer(
    {
      ...execution,
      onSubscribe: ({ subscriptions }, id, payload) => {
        if (Object.keys(subscriptions).length > limits.operationsPerSocket) {
          return [coded('RATE_LIMITED', `At most ${limits.operationsPerSocket} operations run on one socket at once.`)]
        }
        // The operation's id is what a client repeats when it comes back after its socket broke.
        const operation = prepare(payload, newContext(domain, { operationId: id }))
        return 'type' in operation ? operation.args : operation
      },
      onError: (_, __, ___, errors) => errors.map((error) => publicError(error, onFault).toJSON()),
      isProd: true,
    },
    server,
    // Whether a peer is there is looked after below.
    0,
  )
  server.on('connection', (socket) => {
    keepAlive(socket, { heartbeat, silence })
    letGoWhenStalled(socket, limits.stalledReaderSeconds * 1000)
  })
  return {
    get size() {
      return server.clients.size
    },
    upgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request))
    },
    close: async () => dispose(),
  }
}

/** Pings a peer that says nothing, and drops it when it does not answer: it may have gone without a word. */
function keepAlive(socket: WebSocket, { heartbeat, silence }: { heartbeat: number; silence: number }): void {
  let heard = performance.now()
  const hear = (): void => {
    heard = performance.now()
  }
  socket.on('message', hear).on('ping', hear).on('pong', hear)
  const timer = setInterval(() => {
    // One that does not take in what it was sent cannot answer a ping behind it.
    if (socket.bufferedAmount > 0) hear()
    else if (performance.now() - heard >= silence) socket.terminate()
    else socket.ping()
  }, heartbeat)
  socket.once('close', () => clearInterval(timer))
}

/** Nothing is sent to a peer before it has taken in what came before; one that takes in nothing at all is let go of. */
function letGoWhenStalled(socket: WebSocket, patience: number): void {
  let least = 0
  let since = performance.now()
  const timer = setInterval(
    () => {
      const waiting = socket.bufferedAmount
      if (waiting === 0 || waiting < least) since = performance.now()
      least = waiting
      if (performance.now() - since < patience) return
      clearInterval(timer)
      socket.close(tryAgainLater, 'You stopped reading. Come back with your cursor.')
      setTimeout(() => socket.terminate(), goodbye).unref()
    },
    Math.min(1000, patience / 4),
  )
  socket.once('close', () => clearInterval(timer))
}
