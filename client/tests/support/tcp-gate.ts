import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface TcpGate extends AsyncDisposable {
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string
  /** Resets all connections, and those that come until it is opened. */
  shut(): void
  open(): void
}

/** A way to a server that can be shut. */
export async function startTcpGate(target: string): Promise<TcpGate> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let isOpen = true
  const resetAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const gate = createServer((client) => {
    if (!isOpen) return void client.resetAndDestroy()
    const server = connect(Number(port), hostname)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from)
      from
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
      from.pipe(to)
    }
  })
  gate.listen(0, '127.0.0.1')
  await once(gate, 'listening')
  const address = gate.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    shut: () => {
      isOpen = false
      resetAll()
    },
    open: () => {
      isOpen = true
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(gate, 'close')
      gate.close()
      resetAll()
      await closed
    },
  }
}
