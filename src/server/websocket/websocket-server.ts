import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Limits } from '../../config/limits.ts'
import type { Domains } from '../../services/profile-registry.ts'
import { newContext } from '../../schema/context.ts'
import { Departures } from './operation-abort-signals.ts'
import type { Execution } from '../graphql/executor.ts'
import { largestRequest, prepare } from '../graphql/prepare-operation.ts'
import { type Alive, Peer, PeerGone } from './socket-connection.ts'
import { coded, publicError } from '../graphql/format-error.ts'
import { watchReader } from '../http/slow-consumer.ts'

export interface WebSocketOptions {
  readonly domains: Domains
  readonly execution: Execution
  readonly limits: Limits
  readonly alive: Alive
  readonly log: Logger
}

export interface WebSockets {
  /** How many are open. */
  readonly size: number
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends all sockets once their operations have been answered, and after `patience` milliseconds in any case. */
  close(patience: number): Promise<void>
}

const goingAway = 1001
const tryAgainLater = 1013

/** GraphQL over WebSocket, as graphql-transport-ws. */
export function newWebSockets({ domains, execution, limits, alive, log }: WebSocketOptions): WebSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: largestRequest, handleProtocols })
  const onFault = (fault: unknown): void => {
    if (!(fault instanceof PeerGone)) log.error({ err: fault }, 'an operation failed')
  }
  const underWay = new Set<Promise<void>>()
  const graphql = makeServer<Record<string, unknown>, Departures>({
    ...execution,
    onSubscribe: ({ subscriptions, extra: departures }, id, payload) => {
      if (Object.keys(subscriptions).length > limits.operationsPerSocket) {
        return [coded('RATE_LIMITED', `At most ${limits.operationsPerSocket} operations run on one socket at once.`)]
      }
      // The operation's id is what a client repeats when it comes back after its socket broke.
      const operation = prepare(payload, newContext(domains, { operationId: id, signal: departures.of(id) }))
      if ('type' in operation) return operation.args
      departures.answered(id)
      return operation
    },
    onComplete: ({ extra: departures }, id) => departures.answered(id),
    onError: (_, __, ___, errors) => errors.map((error) => publicError(error, onFault).toJSON()),
  })

  const serve = (socket: WebSocket, { socket: connection }: IncomingMessage): void => {
    const peer = new Peer(socket, connection)
    const departures = new Departures()
    /** What it follows is let go of at once; whether it takes in why, and answers, is its own business. */
    const end = (code: number, reason: string): void => {
      socket.close(code, reason)
      release(code, reason)
    }
    const release = (code: number, reason: string): void => {
      departures.all()
      // Later: a wrong protocol is refused before there is anything to leave.
      Promise.resolve()
        .then(() => leave(code, reason))
        .catch(onFault)
    }
    const leave = graphql.opened(
      {
        protocol: socket.protocol,
        send: (text) => peer.send(text),
        close: end,
        onMessage: (take) => {
          socket.on('message', (data) => {
            // What comes behind our close is for nobody: it must not begin anything.
            if (!peer.isOpen) return
            const message = String(data)
            departures.read(message)
            const answered = take(message)
              .catch(fail)
              .finally(() => underWay.delete(answered))
            underWay.add(answered)
          })
        },
      },
      departures,
    )
    const fail = (error: unknown): void => {
      if (error instanceof PeerGone) return
      onFault(error)
      end(CloseCode.InternalServerError, 'Internal server error')
    }
    peer.keepAlive(alive)
    watchReader(connection, limits.stalledReaderSeconds * 1000, () => {
      if (peer.isOpen) end(tryAgainLater, 'You stopped reading. Come back with your cursor.')
    })
    // What is no WebSocket, or too large, ws itself answers with the close code for it.
    socket.on('error', (error) => log.debug({ err: error }, 'a socket failed'))
    socket.once('close', (code, reason) => release(code, String(reason)))
  }

  return {
    get size() {
      return server.clients.size
    },
    upgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) => serve(client, request))
    },
    close: async (patience) => {
      await Promise.race([Promise.all(underWay), delay(patience, undefined, { ref: false })])
      const closed = new Promise((done) => server.close(done))
      for (const client of server.clients) client.close(goingAway, 'The server stops.')
      const timer = setTimeout(() => {
        for (const client of server.clients) client.terminate()
      }, patience)
      await closed
      clearTimeout(timer)
    },
  }
}
