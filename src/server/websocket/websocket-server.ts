import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws'
import type { Logger } from '../../lib/logger.ts'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Limits } from '../../config/limits.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import { createContext } from '../../schema/context.ts'
import { OperationAborts } from './operation-abort-signals.ts'
import type { Executor } from '../graphql/executor.ts'
import { maxRequestBytes, prepareOperation } from '../graphql/prepare-operation.ts'
import { type HeartbeatOptions, SocketConnection, ConnectionClosedError } from './socket-connection.ts'
import { createGraphQLError, toPublicError } from '../graphql/format-error.ts'
import { detectSlowConsumer } from '../http/slow-consumer.ts'

export interface WebSocketServerOptions {
  readonly profiles: ProfileRegistry
  readonly executor: Executor
  readonly limits: Limits
  readonly heartbeat: HeartbeatOptions
  readonly log: Logger
}

export interface WebSocketServerHandle {
  /** How many are open. */
  readonly size: number
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends all sockets once their operations have been answered, and after `patience` milliseconds in any case. */
  close(gracePeriodMs: number): Promise<void>
}

const goingAway = 1001
const tryAgainLater = 1013

/** GraphQL over WebSocket, as graphql-transport-ws. */
export function createWebSocketServer({
  profiles,
  executor,
  limits,
  heartbeat,
  log,
}: WebSocketServerOptions): WebSocketServerHandle {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxRequestBytes, handleProtocols })
  const onUnexpectedError = (error: unknown): void => {
    if (!(error instanceof ConnectionClosedError)) log.error({ err: error }, 'an operation failed')
  }
  const pendingMessages = new Set<Promise<void>>()
  const graphql = makeServer<Record<string, unknown>, OperationAborts>({
    ...executor,
    onSubscribe: ({ subscriptions, extra: operationAborts }, id, payload) => {
      if (Object.keys(subscriptions).length > limits.operationsPerSocket) {
        return [
          createGraphQLError(
            'RATE_LIMITED',
            `At most ${limits.operationsPerSocket} operations run on one socket at once.`,
          ),
        ]
      }
      // The operation's id is what a client repeats when it comes back after its socket broke.
      const operation = prepareOperation(
        payload,
        createContext(profiles, { operationId: id, signal: operationAborts.signalFor(id) }),
      )
      if ('type' in operation) return operation.args
      operationAborts.release(id)
      return operation
    },
    onComplete: ({ extra: operationAborts }, id) => operationAborts.release(id),
    onError: (_, __, ___, errors) => errors.map((error) => toPublicError(error, onUnexpectedError).toJSON()),
  })

  const serve = (socket: WebSocket, { socket: tcpSocket }: IncomingMessage): void => {
    const socketConnection = new SocketConnection(socket, tcpSocket)
    const operationAborts = new OperationAborts()
    /** What it follows is let go of at once; whether it takes in why, and answers, is its own business. */
    const closeSocket = (code: number, reason: string): void => {
      socket.close(code, reason)
      onDisconnect(code, reason)
    }
    const onDisconnect = (code: number, reason: string): void => {
      operationAborts.abortAll()
      // Later: a wrong protocol is refused before there is anything to leave.
      Promise.resolve()
        .then(() => notifyClosed(code, reason))
        .catch(onUnexpectedError)
    }
    const notifyClosed = graphql.opened(
      {
        protocol: socket.protocol,
        send: (text) => socketConnection.send(text),
        close: closeSocket,
        onMessage: (handleMessage) => {
          socket.on('message', (data) => {
            // What comes behind our close is for nobody: it must not begin anything.
            if (!socketConnection.isOpen) return
            const message = String(data)
            operationAborts.onMessage(message)
            const pendingMessage = handleMessage(message)
              .catch(handleError)
              .finally(() => pendingMessages.delete(pendingMessage))
            pendingMessages.add(pendingMessage)
          })
        },
      },
      operationAborts,
    )
    const handleError = (error: unknown): void => {
      if (error instanceof ConnectionClosedError) return
      onUnexpectedError(error)
      closeSocket(CloseCode.InternalServerError, 'Internal server error')
    }
    socketConnection.startHeartbeat(heartbeat)
    detectSlowConsumer(tcpSocket, limits.slowConsumerSeconds * 1000, () => {
      if (socketConnection.isOpen) closeSocket(tryAgainLater, 'You stopped reading. Come back with your cursor.')
    })
    // What is no WebSocket, or too large, ws itself answers with the close code for it.
    socket.on('error', (error) => log.debug({ err: error }, 'a socket failed'))
    socket.once('close', (code, reason) => onDisconnect(code, String(reason)))
  }

  return {
    get size() {
      return server.clients.size
    },
    upgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) => serve(client, request))
    },
    close: async (gracePeriodMs) => {
      await Promise.race([Promise.all(pendingMessages), delay(gracePeriodMs, undefined, { ref: false })])
      const closed = new Promise((done) => server.close(done))
      for (const client of server.clients) client.close(goingAway, 'The server stops.')
      const timer = setTimeout(() => {
        for (const client of server.clients) client.terminate()
      }, gracePeriodMs)
      await closed
      clearTimeout(timer)
    },
  }
}
