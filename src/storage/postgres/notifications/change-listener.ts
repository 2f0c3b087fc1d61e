import { Socket } from 'node:net'
import pg from 'pg'
import { toEndUnacknowledgedSql, keepAliveOptions } from '../database/connection-timeouts.ts'

export interface ChangeListenerOptions {
  /** The URL of the database: of a direct connection, where others go through a pooler that shares sessions. */
  readonly url: string
  readonly channel: string
  /** Called with the payload of each notification. */
  readonly onPayload: (payload: string) => void
  /** Called whenever a connection has begun to listen. What was sent before was missed. */
  readonly onListening: () => void
  /** Called whenever a connection fails; another attempt follows. */
  readonly onError: (error: Error) => void
}

const timeoutMs = 10_000
const reconnectDelayMs = 500

/** Holds one connection that listens to a channel, and makes another when it ends. */
export class ChangeListener {
  readonly #options: ChangeListenerOptions
  #client: pg.Client | null = null
  #socket = new Socket()
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(options: ChangeListenerOptions) {
    this.#options = options
    void this.#connect()
  }

  /** Ends the connection, as when it seems to be dead: then the other side would not answer. Another one is made. */
  reconnect(): void {
    this.#client?.end().catch(() => undefined)
    this.#socket.destroy()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer) clearTimeout(this.#timer)
    const ended = this.#client?.end()
    this.#socket.destroySoon()
    await ended
  }

  async #connect(): Promise<void> {
    const { url, channel, onPayload, onListening, onError } = this.#options
    const socket = new Socket()
    this.#socket = socket
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      ...keepAliveOptions,
      stream: () => socket,
      application_name: 'segue listener',
    })
    this.#client = client
    client.on('notification', ({ payload = '' }) => onPayload(payload))
    client.on('error', (error) => !this.#isClosed && onError(error))
    client.on('end', () => this.#scheduleConnect())
    try {
      await client.connect()
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}; ${toEndUnacknowledgedSql(client)}`)
      onListening()
    } catch (error) {
      if (!this.#isClosed && error instanceof Error) onError(error)
      this.#scheduleConnect()
      client.end().catch(() => undefined)
      socket.destroy()
    }
  }

  #scheduleConnect(): void {
    if (this.#timer || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#connect()
    }, reconnectDelayMs).unref()
  }
}
