import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { parseJsonWithExactNumbers } from '../../../src/lib/text/json.ts'

const messageSchema = z.object({ id: z.string().optional(), type: z.string(), payload: z.unknown().optional() })

export type WireMessage = z.output<typeof messageSchema>

export interface SocketClose {
  readonly code: number
  readonly reason: string
}

/** A WebSocket that sends any graphql-transport-ws messages, valid or not, and does not reconnect by itself. */
export class RawSocket {
  /** How many pings have arrived. */
  pings = 0
  readonly closed: Promise<SocketClose>
  readonly #socket: WebSocket
  readonly #messages: WireMessage[] = []
  readonly #arrivals = new EventTarget()
  #isClosed = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    const { promise, resolve } = Promise.withResolvers<SocketClose>()
    this.closed = promise
    socket.on('message', (data) => {
      this.#messages.push(messageSchema.parse(parseJsonWithExactNumbers(String(data))))
      this.#notify()
    })
    socket.on('ping', () => {
      this.pings += 1
      this.#notify()
    })
    socket.on('error', () => undefined)
    socket.on('close', (code, reason) => {
      this.#isClosed = true
      resolve({ code, reason: String(reason) })
      this.#notify()
    })
  }

  /** Opens a connection without sending anything. `url` is for example `http://127.0.0.1:4000`. */
  static async connect(
    url: string,
    { protocol = 'graphql-transport-ws', headers = {} }: { protocol?: string | null; headers?: object } = {},
  ): Promise<RawSocket> {
    const protocols = protocol === null ? [] : [protocol]
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, protocols, { headers: { ...headers } })
    const raw = new RawSocket(socket)
    await once(socket, 'open')
    return raw
  }

  /** Opens a connection and waits until it is acknowledged. */
  static async open(url: string, payload?: object): Promise<RawSocket> {
    const raw = await RawSocket.connect(url)
    raw.send({ type: 'connection_init', payload })
    await raw.next()
    return raw
  }

  /** The status of a handshake that is refused. */
  static async handshakeStatus(url: string, headers: Record<string, string> = {}, path = '/graphql'): Promise<number> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, 'graphql-transport-ws', { headers })
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    socket.on('error', () => undefined)
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
    socket.on('open', () => {
      reject(new Error('The handshake was accepted.'))
      socket.terminate()
    })
    return promise
  }

  send(message: object | string): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Sends a frame of bytes instead of text. */
  sendBytes(bytes: Buffer): void {
    this.#socket.send(bytes)
  }

  subscribe(id: string, query: string, variables: object = {}): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } })
  }

  /** The next message. Rejects if the socket is closed. */
  async next(): Promise<WireMessage> {
    for (;;) {
      const message = this.#messages.shift()
      if (message) return message
      if (this.#isClosed) throw new Error('The socket is closed.')
      await once(this.#arrivals, 'message')
    }
  }

  /** The next message that has already arrived; null when there is none. */
  takeBuffered(): WireMessage | null {
    return this.#messages.shift() ?? null
  }

  /** The next message with an operation id, or without one. Skips other messages. */
  async nextFor(id: string | undefined): Promise<WireMessage> {
    for (;;) {
      const message = await this.next()
      if (message.id === id) return message
    }
  }

  async waitForPings(count: number): Promise<void> {
    while (this.pings < count) await once(this.#arrivals, 'message')
  }

  /** Stops reading from the operating system's buffers. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Closes the connection with code 1000. */
  async close(): Promise<void> {
    this.#socket.close(1000)
    await this.closed
  }

  destroy(): void {
    this.#socket.terminate()
  }

  #notify(): void {
    this.#arrivals.dispatchEvent(new Event('message'))
  }
}
