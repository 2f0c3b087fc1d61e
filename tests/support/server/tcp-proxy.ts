import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string
  /** How many connections were accepted. */
  readonly connectionCount: number
  /** Resets all open connections. */
  resetConnections(): void
  /** Resets all open connections, and those that come until `acceptConnections`. */
  refuseConnections(): void
  acceptConnections(): void
  /** Passes nothing on from the server over the connections that are open now. */
  withholdResponses(): void
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
  let isRefusing = false
  const proxy = createServer((client) => {
    if (isRefusing) return void client.resetAndDestroy()
    connectionCount += 1
    const server = connect(findTarget())
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
          other.destroy()
        })
      socket.pipe(other)
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
    resetConnections,
    refuseConnections: () => {
      isRefusing = true
      resetConnections()
    },
    acceptConnections: () => {
      isRefusing = false
    },
    withholdResponses: () => {
      for (const [server, client] of clientsByServerSocket) server.unpipe(client).pause()
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
    server.unpipe(client).pause()
    setTimeout(() => server.pipe(client), pauseMs)
  }
}

function readPort(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
