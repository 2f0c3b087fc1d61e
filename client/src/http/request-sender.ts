import { createUuid } from '../environment/create-uuid.ts'
import type { HttpClient, HttpRequest } from './http-client.ts'
import { createResponseError, createTextError, parseResult } from './read-result.ts'
import type { Operation } from '../subscription/transport.ts'

/** How long a mutation, such as a compaction, may take in which nothing arrives. Sent again, it is the same call. */
const longTimeoutMs = 60_000

export interface SendOptions {
  readonly signal?: AbortSignal | undefined
  readonly key?: string
  /** The browser completes the request although the page is left meanwhile. */
  readonly keepalive?: boolean
  /** Tries until it is aborted, however often the connection is lost. */
  readonly whileActive?: AbortSignal | undefined
  /** The server may take longer than it does to answer at once. */
  readonly mayTakeLong?: boolean
}

/** Sends queries and mutations, again if the connection is lost: with the same key, so that nothing is done twice. */
export class RequestSender {
  readonly #http: HttpClient
  readonly #url: string
  readonly #idleTimeoutMs: number

  constructor(http: HttpClient, url: string, idleTimeoutMs: number) {
    this.#http = http
    this.#url = url
    this.#idleTimeoutMs = idleTimeoutMs
  }

  /**
   * The data. Rejects as `HttpClient.request` does.
   *
   * @typeParam Data What the document of the operation selects.
   */
  async send<Data>({ query, variables }: Operation, options: SendOptions = {}): Promise<Data> {
    const { key = createUuid(), whileActive, signal = whileActive, mayTakeLong = false, keepalive = false } = options
    const headers = { 'content-type': 'application/json', accept: 'application/json', 'idempotency-key': key }
    const body = JSON.stringify({ query, variables })
    const request: HttpRequest = {
      url: this.#url,
      init: { method: 'POST', headers, body, cache: 'no-store', keepalive },
      idleTimeout: { timeoutMs: mayTakeLong ? longTimeoutMs : this.#idleTimeoutMs },
    }
    const retryOptions = { signal, ...(whileActive && { maxAttempts: Infinity }) }
    const data = await this.#http.request(request, readData, retryOptions)
    // The server's schema and the document say what it is.
    return data as Data
  }
}

async function* readData(response: Response): AsyncGenerator<object, void> {
  const text = await response.text()
  const result = response.ok ? parseResult(text) : null
  if (!result) throw createTextError(response, text)
  if (result.errors || !result.data) throw createResponseError(result.errors ?? [], result.data)
  yield result.data
}
