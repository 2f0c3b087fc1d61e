import { IdleTimeout, type IdleTimeoutOptions } from '../connection/idle-timeout.ts'
import { linkAbortSignals } from '../environment/link-abort-signals.ts'
import { ConnectionLostError, createConnectionLostError } from '../connection/connection-lost-error.ts'
import { readAuthorization, type Token } from '../connection/read-authorization.ts'
import { SegueError } from '../segue-error.ts'

export interface HttpClientOptions {
  readonly fetch: typeof fetch
  readonly token: Token | undefined
}

export interface HttpRequest {
  readonly url: string
  readonly init: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> }
  readonly idleTimeout: IdleTimeoutOptions
  readonly signal: AbortSignal | undefined
}

/** Sends requests with the token. Whatever ends one too early, and was not asked for, is a ConnectionLostError. */
export class HttpClient {
  readonly #options: HttpClientOptions

  constructor(options: HttpClientOptions) {
    this.#options = options
  }

  /**
   * Sends a request and has `read` handle the response, whose body it must read within. `touch` tells that something has
   * arrived. Rejects with the reason of the signal if that is aborted.
   */
  async *exchange<Item>(
    { url, init, idleTimeout, signal }: HttpRequest,
    read: (response: Response, touch: () => void) => AsyncGenerator<Item, void>,
  ): AsyncGenerator<Item, void> {
    signal?.throwIfAborted()
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
      yield* read(response, () => idle.touch())
    } catch (error) {
      signal?.throwIfAborted()
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
