import type { Socket } from 'node:net'

/**
 * Calls `onStalled` whenever a connection has not accepted any of its pending bytes for `timeoutMs`. Stops when the
 * connection closes, or when the returned function is called. A consumer that is slow but makes progress is never
 * reported, as long as the data is written in small chunks (see `chunkBytes`).
 */
export function detectSlowConsumer(socket: Socket, timeoutMs: number, onStalled: () => void): () => void {
  const checkIntervalMs = Math.min(1000, timeoutMs / 4)
  let consumedBytes = 0
  // Counts checks instead of measuring time: the consumer is not to blame when this event loop was blocked.
  let idleChecks = 0
  const timer = setInterval(() => {
    const previousBytes = consumedBytes
    consumedBytes = socket.bytesWritten - socket.writableLength
    idleChecks = socket.writableLength === 0 || consumedBytes > previousBytes ? 0 : idleChecks + 1
    if (idleChecks * checkIntervalMs < timeoutMs) return
    idleChecks = 0
    onStalled()
  }, checkIntervalMs)
  const stop = (): void => {
    clearInterval(timer)
    socket.off('close', stop)
  }
  socket.once('close', stop)
  return stop
}
