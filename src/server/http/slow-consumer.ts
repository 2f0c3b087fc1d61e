import type { Socket } from 'node:net'

/**
 * Calls `letGo` each time that a connection has taken in nothing of what it was sent for `patience` milliseconds, until
 * it closes or the function that is returned is called. A reader that is slow but reads on is never let go of, provided
 * that what it is sent is written in small pieces.
 */
export function watchReader(connection: Socket, patience: number, letGo: () => void): () => void {
  const step = Math.min(1000, patience / 4)
  let taken = 0
  // Steps, not time: that the event loop was held up is not the reader's fault.
  let quiet = 0
  const timer = setInterval(() => {
    const before = taken
    taken = connection.bytesWritten - connection.writableLength
    quiet = connection.writableLength === 0 || taken > before ? 0 : quiet + 1
    if (quiet * step < patience) return
    quiet = 0
    letGo()
  }, step)
  const stop = (): void => {
    clearInterval(timer)
    connection.off('close', stop)
  }
  connection.once('close', stop)
  return stop
}

const pieceSize = 65_536 // bytes

/** A text as bytes in small pieces, so that it can be seen whether a reader takes them in. */
export function* bytePieces(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += pieceSize) yield bytes.subarray(start, start + pieceSize)
}
