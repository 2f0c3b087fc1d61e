import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long a browser may keep the response to a preflight request. */
const preflightMaxAgeSeconds = 600

const preflightHeaders = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers':
    'content-type, authorization, idempotency-key, last-event-id, traceparent, range, if-range, if-none-match',
  'access-control-max-age': String(preflightMaxAgeSeconds),
}

/** What a page may read besides the CORS-safelisted response headers. */
const exposedHeaders = 'retry-after, x-request-id, etag, content-range'

/**
 * CORS for pages of the allowed origins: they may call the server and read its responses, without cookies. Other origins
 * get no CORS header, and the request guard rejects their requests.
 */
export class CorsPolicy {
  readonly #readAllowedOrigins: () => readonly string[]

  /** `readAllowedOrigins` is called for each request. */
  constructor(readAllowedOrigins: () => readonly string[]) {
    this.#readAllowedOrigins = readAllowedOrigins
  }

  /** Sets the headers that depend on the origin of a request, whatever the response will be. */
  setHeaders({ headers }: IncomingMessage, response: ServerResponse): void {
    // Always: a cache must not give the response of one origin to another.
    response.setHeader('vary', 'Origin')
    if (!this.#isAllowed(headers.origin)) return
    response.setHeader('access-control-allow-origin', headers.origin)
    response.setHeader('access-control-expose-headers', exposedHeaders)
  }

  /** Whether a browser asks whether a page of an allowed origin may send a request. */
  isPreflight({ method, headers }: IncomingMessage): boolean {
    return (
      method === 'OPTIONS' && this.#isAllowed(headers.origin) && headers['access-control-request-method'] !== undefined
    )
  }

  #isAllowed(origin: string | undefined): origin is string {
    return origin !== undefined && this.#readAllowedOrigins().includes(origin)
  }
}

/** Allows the request that a preflight request asks about. The headers of `setHeaders` must be set already. */
export function sendPreflightResponse(response: ServerResponse): void {
  response.writeHead(204, preflightHeaders).end()
}
