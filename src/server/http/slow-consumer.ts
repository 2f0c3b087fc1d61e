import type { Socket } from 'node:net'

/**
 * Calls `letGo` each time that a connection has taken in nothing of what it was sent for `patience` milliseconds, until
 * it closes or the function that is returned is called. A reader that is slow but reads on is never let go of, provided
 * that what it is sent is written in small pieces.
 */
export function detectSlowConsumer(socket: Socket, timeoutMs: number, onStalled: () => void): () => void {
  const checkIntervalMs = Math.min(1000, timeoutMs / 4)
  let consumedBytes = 0
  // Steps, not time: that the event loop was held up is not the reader's fault.
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

const chunkSizeBytes = 65_536 // bytes

/** A text as bytes in small pieces, so that it can be seen whether a reader takes them in. */
export function* chunkBytes(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += chunkSizeBytes) yield bytes.subarray(start, start + chunkSizeBytes)
}
