import type { Socket } from 'node:net'

const corked = new Set<Socket>()

/** Everything that is written to a socket before the end of this tick goes to the operating system in one write. */
export function corkUntilTickEnds(socket: Socket): void {
  if (corked.has(socket)) return
  if (corked.size === 0) process.nextTick(uncorkAll)
  corked.add(socket)
  socket.cork()
}

function uncorkAll(): void {
  const sockets = [...corked]
  corked.clear()
  for (const socket of sockets) socket.uncork()
}
