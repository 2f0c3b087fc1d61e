import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  /** As in http://127.0.0.1:4000. */
  readonly url: string
  /** How many connections were made so far. */
  readonly connectionCount: number
  /** Breaks all that are open, without a word. */
  resetConnections(): void
}

export interface TcpProxyOptions {
  /** A line that rests for so many milliseconds after so many bytes from the server. */
  readonly slow?: { readonly bytes: number; readonly rest: number }
}

/** Stands between a client and a server, so that a connection can break under both, or be slow. */
export async function startTcpProxy(target: string, { slow }: TcpProxyOptions = {}): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let connectionCount = 0
  const server = createServer((near) => {
    connectionCount += 1
    const far = connect(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          open.delete(socket)
          other.destroy()
        })
      socket.pipe(other)
    }
    if (slow) far.on('data', throttle(slow, far, near))
  })
  const resetConnections = (): void => {
    for (const socket of open) socket.resetAndDestroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${readPort(server.address())}`,
    get connectionCount() {
      return connectionCount
    },
    resetConnections,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      resetConnections()
      await closed
    },
  }
}

function throttle(
  { bytes, rest }: NonNullable<TcpProxyOptions['slow']>,
  far: Socket,
  near: Socket,
): (chunk: Buffer) => void {
  let receivedBytes = 0
  return (chunk) => {
    receivedBytes += chunk.length
    if (receivedBytes < bytes) return
    receivedBytes = 0
    far.unpipe(near).pause()
    setTimeout(() => far.pipe(near), rest)
  }
}

function readPort(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
