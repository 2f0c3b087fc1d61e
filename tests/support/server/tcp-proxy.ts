import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string
  /** How many connections were accepted. */
  readonly connectionCount: number
  /** How often a client has sent something after an answer, or first, over all connections. */
  readonly roundTripCount: number
  /** Resets all open connections. */
  resetConnections(): void
  /** Resets all open connections of clients. The server does not notice until the proxy ends. */
  resetClients(): void
  /** Resets all open connections, and those that come until `acceptConnections`. */
  refuseConnections(): void
  acceptConnections(): void
  /** Passes on what comes next over a connection, in each direction, only so many milliseconds later. Null: at once again. */
  delayChunks(nextDelayMs: (() => number) | null): void
  /** Passes nothing on from the server over the connections that are open now. */
  withholdResponses(): void
  /** Passes nothing on to the server over the connections that are open now. */
  withholdRequests(): void
}

export interface TcpProxyOptions {
  /** Pauses for `pauseMs` after every `bytes` from the server. */
  readonly throttle?: { readonly bytes: number; readonly pauseMs: number }
}

/**
 * A proxy between a client and a server that can break or slow down their connections. The server is at a URL, or where the function
 * says when a client connects.
 */
export async function startTcpProxy(
  target: string | (() => NetConnectOpts),
  { throttle }: TcpProxyOptions = {},
): Promise<TcpProxy> {
  const findTarget = typeof target === 'string' ? () => toAddress(target) : target
  const openSockets = new Set<Socket>()
  const clientsByServerSocket = new Map<Socket, Socket>()
  let connectionCount = 0
  let roundTripCount = 0
  const keptSockets = new Set<Socket>()
  let isRefusing = false
  let nextDelayMs: (() => number) | null = null
  const proxy = createServer((client) => {
    if (isRefusing) return void client.resetAndDestroy()
    connectionCount += 1
    const server = connect(findTarget())
    let isAnswered = true
    client.on('data', () => {
      if (isAnswered) roundTripCount += 1
      isAnswered = false
    })
    server.on('data', () => (isAnswered = true))
    clientsByServerSocket.set(server, client)
    server.on('close', () => clientsByServerSocket.delete(server))
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      openSockets.add(socket)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          openSockets.delete(socket)
          if (!keptSockets.has(other)) other.destroy()
        })
      socket.pipe(other)
      socket.on('data', () => {
        if (nextDelayMs) pausePipe(socket, other, nextDelayMs())
      })
    }
    if (throttle) server.on('data', createThrottle(throttle, server, client))
  })
  const resetConnections = (): void => {
    for (const socket of openSockets) {
      // A Unix socket cannot be reset.
      if (socket.remoteAddress === undefined) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    url: `http://127.0.0.1:${readPort(proxy.address())}`,
    get connectionCount() {
      return connectionCount
    },
    get roundTripCount() {
      return roundTripCount
    },
    resetConnections,
    resetClients: () => {
      for (const [server, client] of clientsByServerSocket) {
        keptSockets.add(server)
        client.unpipe(server).resetAndDestroy()
      }
    },
    refuseConnections: () => {
      isRefusing = true
      resetConnections()
    },
    acceptConnections: () => {
      isRefusing = false
    },
    delayChunks: (next) => {
      nextDelayMs = next
    },
    withholdResponses: () => {
      for (const [server, client] of clientsByServerSocket) server.unpipe(client).pause()
    },
    withholdRequests: () => {
      for (const [server, client] of clientsByServerSocket) client.unpipe(server).pause()
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(proxy, 'close')
      proxy.close()
      resetConnections()
      await closed
    },
  }
}

function toAddress(url: string): NetConnectOpts {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

function createThrottle(
  { bytes, pauseMs }: NonNullable<TcpProxyOptions['throttle']>,
  server: Socket,
  client: Socket,
): (chunk: Buffer) => void {
  let receivedBytes = 0
  return (chunk) => {
    receivedBytes += chunk.length
    if (receivedBytes < bytes) return
    receivedBytes = 0
    pausePipe(server, client, pauseMs)
  }
}

function pausePipe(from: Socket, to: Socket, pauseMs: number): void {
  from.unpipe(to).pause()
  setTimeout(() => from.pipe(to), pauseMs)
}

function readPort(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
