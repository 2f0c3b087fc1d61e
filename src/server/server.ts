import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from '../lib/logger.ts'
import type { ProfileRegistry } from '../services/profile-registry.ts'
import { filesPath } from '../schema/chat/file-url.ts'
import type { Limits } from '../config/limits.ts'
import { RequestGuard, type Rejection } from './http/request-guard.ts'
import { handleSse, acceptsEventStream } from './sse/sse-handler.ts'
import { createExecutor } from './graphql/executor.ts'
import { handleFile } from './http/file-handler.ts'
import { graphqlPath, createYogaHandler } from './graphql/yoga.ts'
import { maxRequestBytes } from './graphql/prepare-operation.ts'
import type { HeartbeatOptions } from './websocket/socket-connection.ts'
import { createGraphQLError, payloadTooLarge } from './graphql/format-error.ts'
import { createWebSocketServer } from './websocket/websocket-server.ts'

export interface ServerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly profiles: ProfileRegistry
  readonly limits: Limits
  readonly log: Logger
  readonly heartbeat?: HeartbeatOptions
}

export interface Server {
  /** Where it really listens, as in http://127.0.0.1:4000. */
  readonly url: string
  /** Ends all connections, the busy ones after a moment to say their last. */
  close(): Promise<void>
}

/** How often a peer is told that the server is there, and after how long a silence it is not. */
export const defaultHeartbeat: HeartbeatOptions = { intervalMs: 5000, timeoutMs: 15_000 }
const shutdownGracePeriodMs = 300 // milliseconds that a reader has to take in its last events

/** HTTP, event streams and WebSocket around the schema. Rejects when the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host, port, profiles, limits, log, heartbeat = defaultHeartbeat } = options
  const requestGuard = new RequestGuard(host)
  const executor = createExecutor((error) => log.error({ err: error }, 'an operation failed'))
  const graphql = createYogaHandler(profiles, executor, log)
  const webSockets = createWebSocketServer({ profiles, executor, limits, heartbeat, log })
  const slowConsumerTimeoutMs = limits.slowConsumerSeconds * 1000
  const sseOptions = { profiles, executor, slowConsumerTimeoutMs, heartbeatIntervalMs: heartbeat.intervalMs }

  const handleRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const rejection = requestGuard.check(request)
    const path = (request.url ?? '/').replace(/\?.*$/s, '')
    // Once the answer is complete its reader has to take it in.
    response.once('prefinish', () => response.setTimeout(slowConsumerTimeoutMs))
    // The door lets in JSON alone, in whatever way its type is written; Yoga knows one way.
    if (request.method === 'POST') request.headers['content-type'] = 'application/json'
    if (rejection) sendRejection(response, rejection)
    else if (Number(request.headers['content-length'] ?? 0) > maxRequestBytes)
      sendJson(response, 413, { errors: [payloadTooLarge()] })
    else if (path === '/health') sendJson(response, 200, { status: 'ok' })
    else if (path.startsWith(`${filesPath}/`) && request.method === 'GET') await handleFile(path, profiles, response)
    else if (path === graphqlPath && acceptsEventStream(request)) await handleSse(request, response, sseOptions)
    else if (path === graphqlPath) await graphql(request, response)
    else if (path === '/') response.writeHead(302, { location: graphqlPath }).end()
    else
      sendJson(response, 404, {
        errors: [createGraphQLError('NOT_FOUND', `There is nothing here. The API is at ${graphqlPath}.`)],
      })
  }

  const server = createServer((request, response) => {
    handleRequest(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a request failed')
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => {
    // Nobody else listens to it yet, and a client that hangs up in the middle of its handshake must not end the process.
    socket.on('error', () => socket.destroy())
    const isGraphQLPath = (request.url ?? '').replace(/\?.*$/s, '') === graphqlPath
    if (!isGraphQLPath) rejectUpgrade(socket, '404 Not Found')
    else if (requestGuard.check(request)) rejectUpgrade(socket, '403 Forbidden')
    else if (webSockets.size >= limits.sockets) rejectUpgrade(socket, '503 Service Unavailable')
    else webSockets.upgrade(request, socket, head)
  })

  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await listening

  const urlHost = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${urlHost}:${requireBoundPort(server.address())}`,
    close: async () => {
      const closed = new Promise((done) => server.close(done))
      await webSockets.close(shutdownGracePeriodMs)
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), shutdownGracePeriodMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function requireBoundPort(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('the server listens on no port')
  return address.port
}

function rejectUpgrade(socket: Duplex, status: string): void {
  // Nobody else looks after this socket any more: neither its errors nor a peer that never closes its side.
  socket.on('error', () => socket.destroy()).once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function sendRejection(response: ServerResponse, { status, message }: Rejection): void {
  // What was refused is not read either: the connection ends with the answer.
  response.setHeader('connection', 'close')
  const extensions = status === 403 ? { code: 'FORBIDDEN' } : { code: 'BAD_USER_INPUT', path: [] }
  sendJson(response, status, { errors: [{ message, extensions }] })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}
