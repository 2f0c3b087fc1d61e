import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { bytePieces } from '../http/slow-consumer.ts'

/** How much may wait to be sent before its peer is not listened to any more; in UTF-16 code units and bytes. */
const mostWaiting = 1_048_576

/** Milliseconds between two pings, and after how many without a word a peer is gone. */
export interface Alive {
  readonly heartbeat: number
  readonly silence: number
}

/** What was to be sent cannot be: the socket is closed, or broke. Nobody is to blame, and nobody is left to be told. */
export class PeerGone extends Error {
  override readonly name = 'PeerGone'
}

/**
 * The far end of a WebSocket. It is sent one message after the other, in pieces, each when the one before it was taken
 * in; and it is listened to only while it takes in what it is sent.
 */
export class Peer {
  readonly #socket: WebSocket
  readonly #connection: Socket
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(socket: WebSocket, connection: Socket) {
    this.#socket = socket
    this.#connection = connection
    const hold = (): void => this.#hold()
    socket.on('message', hold).on('ping', hold)
    connection.on('drain', hold)
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Resolves when the message is on its way. Rejects with PeerGone. */
  send(text: string): Promise<void> {
    this.#waiting += text.length
    const sent = this.#last.then(() => {
      this.#waiting -= text.length
      this.#hold()
      return this.#write(text)
    })
    this.#last = sent.catch(() => undefined)
    return sent
  }

  /** Pings it, and drops it when nothing comes back: it may have gone without a word. */
  keepAlive({ heartbeat, silence }: Alive): void {
    const [socket, connection] = [this.#socket, this.#connection]
    let read = connection.bytesRead
    let unheard = 0 // beats
    const timer = setInterval(() => {
      const isHeard = connection.bytesRead > read
      read = connection.bytesRead
      // One that does not take in what it was sent cannot answer a ping behind it.
      const isStalled = connection.writableLength > 0
      unheard = isHeard || isStalled ? 0 : unheard + 1
      if (unheard * heartbeat >= silence) socket.terminate()
      else if (this.isOpen && !isStalled) socket.ping()
    }, heartbeat)
    socket.once('close', () => clearInterval(timer))
  }

  async #write(text: string): Promise<void> {
    let last: Buffer | null = null
    for (const piece of bytePieces(text)) {
      if (last) await this.#writePiece(last, false)
      last = piece
    }
    if (last) await this.#writePiece(last, true)
  }

  async #writePiece(piece: Buffer, fin: boolean): Promise<void> {
    if (!this.isOpen) throw new PeerGone('the socket is closed')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#socket.send(piece, { binary: false, fin }, (cause) => {
      if (cause) reject(new PeerGone('the socket broke', { cause }))
      else resolve()
    })
    await promise
  }

  /** What it asks would pile up as answers that it does not take in. */
  #hold(): void {
    const isTooMuch = this.#waiting + this.#connection.writableLength > mostWaiting
    if (isTooMuch) this.#socket.pause()
    else if (this.#socket.isPaused) this.#socket.resume()
  }
}
