import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { chunkBytes } from '../http/slow-consumer.ts'

/** How much may wait to be sent before its peer is not listened to any more; in UTF-16 code units and bytes. */
const maxBufferedUnits = 1_048_576

/** Milliseconds between two pings, and after how many without a word a peer is gone. */
export interface HeartbeatOptions {
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** What was to be sent cannot be: the socket is closed, or broke. Nobody is to blame, and nobody is left to be told. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError'
}

/**
 * The far end of a WebSocket. It is sent one message after the other, in pieces, each when the one before it was taken
 * in; and it is listened to only while it takes in what it is sent.
 */
export class SocketConnection {
  readonly #webSocket: WebSocket
  readonly #tcpSocket: Socket
  #lastSend: Promise<void> = Promise.resolve()
  #bufferedUnits = 0

  constructor(webSocket: WebSocket, tcpSocket: Socket) {
    this.#webSocket = webSocket
    this.#tcpSocket = tcpSocket
    const applyBackpressure = (): void => this.#applyBackpressure()
    webSocket.on('message', applyBackpressure).on('ping', applyBackpressure)
    tcpSocket.on('drain', applyBackpressure)
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN
  }

  /** Resolves when the message is on its way. Rejects with PeerGone. */
  send(text: string): Promise<void> {
    this.#bufferedUnits += text.length
    const sent = this.#lastSend.then(() => {
      this.#bufferedUnits -= text.length
      this.#applyBackpressure()
      return this.#write(text)
    })
    this.#lastSend = sent.catch(() => undefined)
    return sent
  }

  /** Pings it, and drops it when nothing comes back: it may have gone without a word. */
  startHeartbeat({ intervalMs, timeoutMs }: HeartbeatOptions): void {
    const [webSocket, tcpSocket] = [this.#webSocket, this.#tcpSocket]
    let lastBytesRead = tcpSocket.bytesRead
    let missedBeats = 0 // beats
    const timer = setInterval(() => {
      const hasReceived = tcpSocket.bytesRead > lastBytesRead
      lastBytesRead = tcpSocket.bytesRead
      // One that does not take in what it was sent cannot answer a ping behind it.
      const isStalled = tcpSocket.writableLength > 0
      missedBeats = hasReceived || isStalled ? 0 : missedBeats + 1
      if (missedBeats * intervalMs >= timeoutMs) webSocket.terminate()
      else if (this.isOpen && !isStalled) webSocket.ping()
    }, intervalMs)
    webSocket.once('close', () => clearInterval(timer))
  }

  async #write(text: string): Promise<void> {
    let previousChunk: Buffer | null = null
    for (const chunk of chunkBytes(text)) {
      if (previousChunk) await this.#writeChunk(previousChunk, false)
      previousChunk = chunk
    }
    if (previousChunk) await this.#writeChunk(previousChunk, true)
  }

  async #writeChunk(chunk: Buffer, fin: boolean): Promise<void> {
    if (!this.isOpen) throw new ConnectionClosedError('the socket is closed')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#webSocket.send(chunk, { binary: false, fin }, (cause) => {
      if (cause) reject(new ConnectionClosedError('the socket broke', { cause }))
      else resolve()
    })
    await promise
  }

  /** What it asks would pile up as answers that it does not take in. */
  #applyBackpressure(): void {
    const isOverLimit = this.#bufferedUnits + this.#tcpSocket.writableLength > maxBufferedUnits
    if (isOverLimit) this.#webSocket.pause()
    else if (this.#webSocket.isPaused) this.#webSocket.resume()
  }
}
