import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { chunkBytes, countBytes } from '../http/chunk-bytes.ts'
import { corkUntilTickEnds } from './cork-until-tick-ends.ts'
import { encodeTextFrame, maxFrameBytes } from './encode-text-frame.ts'

/** How many bytes may wait, to be sent or to be handled, before the server stops reading from the client. */
const maxBufferedBytes = 1_048_576

/** How many bytes may wait before pongs are left out. */
const congestedBytes = 65_536

export interface WebSocketHeartbeatOptions {
  /** The interval between two pings. */
  readonly intervalMs: number
  /** A client that sends nothing for this long is disconnected. */
  readonly timeoutMs: number
}

/** A message could not be sent because the connection is closed. Nobody is left to receive an error. */
export class WebSocketClosedError extends Error {
  override readonly name = 'WebSocketClosedError'
}

/** Of all messages that are not sent. Thousands can be left, and a stack for each takes long. */
const connectionClosed = new WebSocketClosedError('The connection is closed.')

/**
 * A WebSocket with backpressure. Messages are sent one after the other, in chunks, each when the previous one has been
 * accepted. While too many bytes are waiting, the server does not read from the client: its requests would only add more
 * responses that it does not read.
 */
export class WebSocketConnection {
  readonly #webSocket: WebSocket
  readonly #tcpSocket: Socket
  #lastSend: Promise<void> = Promise.resolve()
  #pendingSends = 0
  #bufferedBytes = 0
  #waitingBytes = 0

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

  /** Whether so much waits to be sent that answers which nobody needs are left out. */
  get isCongested(): boolean {
    return this.#bufferedBytes + this.#tcpSocket.writableLength > congestedBytes
  }

  /** Says how many bytes of the client's messages wait to be handled. */
  setWaitingBytes(byteLength: number): void {
    this.#waitingBytes = byteLength
    this.#applyBackpressure()
  }

  /** Sends a message at once. Returns false, and sends nothing, if it would have to wait for others or for the client. */
  trySend(prefix: Buffer, text: Buffer, suffix: Buffer): boolean {
    if (!this.isOpen || this.#pendingSends > 0 || this.isCongested) return false
    if (prefix.length + text.length + suffix.length > maxFrameBytes) return false
    corkUntilTickEnds(this.#tcpSocket)
    // ws would write the head of the frame by itself.
    this.#tcpSocket.write(encodeTextFrame(prefix, text, suffix))
    return true
  }

  /**
   * Sends a text, or the chunks of one as UTF-8. Resolves when it has been handed to the operating system. Rejects with
   * `WebSocketClosedError`.
   */
  send(message: string | readonly Buffer[]): Promise<void> {
    const byteLength = countBytes(message)
    this.#pendingSends += 1
    this.#bufferedBytes += byteLength
    // A message before this one may wait for the client.
    this.#applyBackpressure()
    const sent = this.#lastSend
      .then(() => {
        this.#bufferedBytes -= byteLength
        this.#applyBackpressure()
        return this.#write(message)
      })
      .finally(() => (this.#pendingSends -= 1))
    this.#lastSend = sent.catch(() => undefined)
    return sent
  }

  /** Pings the client, and disconnects it when nothing arrives for `timeoutMs`: it may have vanished without a close. */
  startHeartbeat({ intervalMs, timeoutMs }: WebSocketHeartbeatOptions): void {
    const [webSocket, tcpSocket] = [this.#webSocket, this.#tcpSocket]
    let lastBytesRead = tcpSocket.bytesRead
    let missedBeats = 0
    const timer = setInterval(() => {
      const hasReceived = tcpSocket.bytesRead > lastBytesRead
      lastBytesRead = tcpSocket.bytesRead
      // A client that does not read cannot answer a ping. The detection of slow consumers handles it.
      const isStalled = tcpSocket.writableLength > 0
      missedBeats = hasReceived || isStalled ? 0 : missedBeats + 1
      if (missedBeats * intervalMs >= timeoutMs) webSocket.terminate()
      else if (this.isOpen && !isStalled) webSocket.ping()
    }, intervalMs)
    webSocket.once('close', () => clearInterval(timer))
  }

  async #write(message: string | readonly Buffer[]): Promise<void> {
    let previousChunk: Buffer | null = null
    for (const chunk of typeof message === 'string' ? chunkBytes(message) : message) {
      if (previousChunk) await this.#writeChunk(previousChunk, false)
      previousChunk = chunk
    }
    if (previousChunk) await this.#writeChunk(previousChunk, true)
  }

  async #writeChunk(chunk: Buffer, fin: boolean): Promise<void> {
    if (!this.isOpen) throw connectionClosed
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#webSocket.send(chunk, { binary: false, fin }, (cause) => {
      if (cause) reject(new WebSocketClosedError('The connection is broken.', { cause }))
      else resolve()
    })
    await promise
  }

  #applyBackpressure(): void {
    const bytes = this.#waitingBytes + this.#bufferedBytes + this.#tcpSocket.writableLength
    if (bytes > maxBufferedBytes) this.#webSocket.pause()
    else if (this.#webSocket.isPaused) this.#webSocket.resume()
  }
}
