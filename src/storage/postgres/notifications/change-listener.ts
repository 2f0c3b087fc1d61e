import pg from 'pg'

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

const connectTimeoutMs = 10_000
const reconnectDelayMs = 500

/** Holds one connection that listens to a channel, and makes another when it ends. */
export class ChangeListener {
  readonly #options: ChangeListenerOptions
  #client: pg.Client | null = null
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(options: ChangeListenerOptions) {
    this.#options = options
    void this.#connect()
  }

  /** Ends the connection, as when it seems to be dead. Another one is made. */
  reconnect(): void {
    this.#client?.end().catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#client?.end()
  }

  async #connect(): Promise<void> {
    const { url, channel, onPayload, onListening, onError } = this.#options
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: 'segue listener',
    })
    this.#client = client
    client.on('notification', ({ payload = '' }) => onPayload(payload))
    client.on('error', (error) => !this.#isClosed && onError(error))
    client.on('end', () => this.#scheduleConnect())
    try {
      await client.connect()
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`)
      onListening()
    } catch (error) {
      if (!this.#isClosed && error instanceof Error) onError(error)
      this.#scheduleConnect()
      client.end().catch(() => undefined)
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
