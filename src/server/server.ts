import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { Domains } from '../services/profile-registry.ts'
import { filesPath } from '../schema/chat/file-url.ts'
import type { Limits } from '../config/limits.ts'
import { Door, type Refusal } from './http/request-guard.ts'
import { serveEventStream, wantsEventStream } from './sse/sse-handler.ts'
import { newExecution } from './graphql/executor.ts'
import { serveFile } from './http/file-handler.ts'
import { graphqlPath, newGraphQL } from './graphql/yoga.ts'
import { largestRequest } from './graphql/prepare-operation.ts'
import type { Alive } from './websocket/socket-connection.ts'
import { coded, tooLarge } from './graphql/format-error.ts'
import { newWebSockets } from './websocket/websocket-server.ts'

export interface ServerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly domains: Domains
  readonly limits: Limits
  readonly log: Logger
  readonly alive?: Alive
}

export interface Server {
  /** Where it really listens, as in http://127.0.0.1:4000. */
  readonly url: string
  /** Ends all connections, the busy ones after a moment to say their last. */
  close(): Promise<void>
}

/** How often a peer is told that the server is there, and after how long a silence it is not. */
export const usually: Alive = { heartbeat: 5000, silence: 15_000 }
const farewell = 300 // milliseconds that a reader has to take in its last events

/** HTTP, event streams and WebSocket around the schema. Rejects when the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host, port, domains, limits, log, alive = usually } = options
  const door = new Door(host)
  const execution = newExecution((fault) => log.error({ err: fault }, 'an operation failed'))
  const graphql = newGraphQL(domains, execution, log)
  const webSockets = newWebSockets({ domains, execution, limits, alive, log })
  const stalledAfter = limits.stalledReaderSeconds * 1000
  const eventStreams = { domains, execution, stalledAfter, heartbeat: alive.heartbeat }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = door.refusal(request)
    const path = (request.url ?? '/').replace(/\?.*$/s, '')
    // Once the answer is complete its reader has to take it in.
    response.once('prefinish', () => response.setTimeout(stalledAfter))
    // The door lets in JSON alone, in whatever way its type is written; Yoga knows one way.
    if (request.method === 'POST') request.headers['content-type'] = 'application/json'
    if (refusal) refuse(response, refusal)
    else if (Number(request.headers['content-length'] ?? 0) > largestRequest)
      sendJson(response, 413, { errors: [tooLarge()] })
    else if (path === '/health') sendJson(response, 200, { status: 'ok' })
    else if (path.startsWith(`${filesPath}/`) && request.method === 'GET') await serveFile(path, domains, response)
    else if (path === graphqlPath && wantsEventStream(request)) await serveEventStream(request, response, eventStreams)
    else if (path === graphqlPath) await graphql(request, response)
    else if (path === '/') response.writeHead(302, { location: graphqlPath }).end()
    else
      sendJson(response, 404, { errors: [coded('NOT_FOUND', `There is nothing here. The API is at ${graphqlPath}.`)] })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a request failed')
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => {
    // Nobody else listens to it yet, and a client that hangs up in the middle of its handshake must not end the process.
    socket.on('error', () => socket.destroy())
    const isOurs = (request.url ?? '').replace(/\?.*$/s, '') === graphqlPath
    if (!isOurs) refuseUpgrade(socket, '404 Not Found')
    else if (door.refusal(request)) refuseUpgrade(socket, '403 Forbidden')
    else if (webSockets.size >= limits.sockets) refuseUpgrade(socket, '503 Service Unavailable')
    else webSockets.upgrade(request, socket, head)
  })

  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await listening

  const at = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${at}:${boundPort(server.address())}`,
    close: async () => {
      const closed = new Promise((done) => server.close(done))
      await webSockets.close(farewell)
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), farewell)
      await closed
      clearTimeout(timer)
    },
  }
}

function boundPort(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('the server listens on no port')
  return address.port
}

function refuseUpgrade(socket: Duplex, status: string): void {
  // Nobody else looks after this socket any more: neither its errors nor a peer that never closes its side.
  socket.on('error', () => socket.destroy()).once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function refuse(response: ServerResponse, { status, message }: Refusal): void {
  // What was refused is not read either: the connection ends with the answer.
  response.setHeader('connection', 'close')
  const extensions = status === 403 ? { code: 'FORBIDDEN' } : { code: 'BAD_USER_INPUT', path: [] }
  sendJson(response, status, { errors: [{ message, extensions }] })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}
