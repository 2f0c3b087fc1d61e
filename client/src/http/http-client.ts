import { Backoff } from '../connection/backoff.ts'
import { ConnectionLostError, createConnectionLostError } from '../connection/connection-lost-error.ts'
import type { ConnectionObserver } from '../connection/connection-observer.ts'
import { IdleTimeout, type IdleTimeoutOptions } from '../connection/idle-timeout.ts'
import { readAuthorization, type Token } from '../connection/read-authorization.ts'
import type { ReconnectOptions } from '../connection/reconnect-options.ts'
import { linkAbortSignals } from '../environment/link-abort-signals.ts'
import { SegueError } from '../segue-error.ts'

export interface HttpClientOptions {
  readonly fetch: typeof fetch
  readonly token: Token | undefined
  readonly reconnect: ReconnectOptions
  readonly connection: ConnectionObserver
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal
}

export interface HttpRequest {
  readonly url: string
  readonly init: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> }
  readonly idleTimeout: IdleTimeoutOptions
}

export interface RetryOptions {
  readonly signal: AbortSignal | undefined
  /** After the last of them, the request fails. Default: 6. */
  readonly maxAttempts?: number
}

/** Yields what a response contains. `touch` tells that something of it has arrived, if the response is as it should be. */
type ResponseReader<Item> = (response: Response, touch: () => void) => AsyncGenerator<Item, void>

/** Sends requests with the token. Whatever ends one too early, and was not asked for, is a ConnectionLostError. */
export class HttpClient {
  readonly #options: HttpClientOptions

  constructor(options: HttpClientOptions) {
    this.#options = options
  }

  /**
   * The first item that `read` yields. The request is sent again if the connection is lost. Rejects with a SegueError, or with
   * the reason of the signal, or of the one that closes the client.
   */
  async request<Item>(
    request: HttpRequest,
    read: ResponseReader<Item>,
    { signal, maxAttempts = 6 }: RetryOptions,
  ): Promise<Item> {
    const { reconnect, connection, closing } = this.#options
    const backoff = new Backoff(reconnect)
    const leaving = new AbortController()
    const unlink = linkAbortSignals(leaving, [closing, signal])
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          for await (const item of this.exchange(request, read, leaving.signal)) {
            connection.report(null)
            return item
          }
          throw new ConnectionLostError('The server sent an empty response.')
        } catch (error) {
          connection.report(error)
          if (!(error instanceof ConnectionLostError)) throw error
          if (attempt === maxAttempts) throw new SegueError('CONNECTION_LOST', error.message, { cause: error })
        }
        await backoff.wait(leaving.signal)
      }
    } finally {
      unlink()
    }
  }

  /**
   * Sends a request once and yields what `read` makes of the response, whose body it must read within. Throws the reason of
   * the signal if that is aborted.
   */
  async *exchange<Item>(
    { url, init, idleTimeout }: HttpRequest,
    read: ResponseReader<Item>,
    signal: AbortSignal,
  ): AsyncGenerator<Item, void> {
    signal.throwIfAborted()
    const connection = new AbortController()
    const unlink = linkAbortSignals(connection, [signal])
    const idle = new IdleTimeout(idleTimeout, () => connection.abort())
    let wasOpen = false
    try {
      const authorization = await readAuthorization(this.#options.token)
      const headers = { ...init.headers, ...(authorization && { authorization }) }
      const response = await this.#options.fetch(url, { ...init, headers, signal: connection.signal })
      wasOpen = true
      idle.touch()
      yield* read(response, () => {
        idle.touch()
        this.#options.connection.report(null)
      })
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof SegueError || error instanceof ConnectionLostError) throw error
      // Browsers have many names for it: TypeError, AbortError, NetworkError.
      throw createConnectionLostError(url, wasOpen, error)
    } finally {
      idle.stop()
      unlink()
      connection.abort()
    }
  }
}
