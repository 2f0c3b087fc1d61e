import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

export interface ServerConnections extends Disposable {
  /** The open connections, the oldest first. */
  readonly openSockets: readonly Socket[]
  /** How many connections were accepted. */
  readonly count: number
  /** The bytes that wait to be sent to the slowest client. */
  readonly maxBufferedBytes: number
}

/** Tracks the server's side of every connection that this process accepts from now on. */
export function trackServerConnections(): ServerConnections {
  const sockets = new Set<Socket>()
  let count = 0
  const onAccept = (message: unknown): void => {
    const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : null
    if (!(socket instanceof Socket)) return
    count += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  subscribe('net.server.socket', onAccept)
  return {
    get openSockets() {
      return [...sockets]
    },
    get count() {
      return count
    },
    get maxBufferedBytes() {
      return Math.max(0, ...[...sockets].map((socket) => socket.writableLength))
    },
    [Symbol.dispose]: () => unsubscribe('net.server.socket', onAccept),
  }
}
