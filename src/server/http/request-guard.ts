import type { IncomingMessage } from 'node:http'

/** Why a request is rejected. */
export interface RequestRejection {
  readonly status: 403 | 415
  readonly message: string
}

/** A web page can make a browser send any other type of body without a preflight request. */
const jsonContentType = /^application\/json\s*(;|$)/i

/**
 * Rejects requests that a web page could make on the user's behalf. The Host check stops DNS rebinding, the Origin and
 * Sec-Fetch-Site checks stop cross-origin calls, and the content-type check stops form posts.
 */
export class RequestGuard {
  readonly #allowedHosts: ReadonlySet<string>

  /** @param host The name or address on which the server listens. */
  constructor(host: string) {
    this.#allowedHosts = new Set([
      'localhost',
      '127.0.0.1',
      '[::1]',
      host.includes(':') ? `[${host}]` : host.toLowerCase(),
    ])
  }

  /** Checks an HTTP request or a WebSocket handshake. Null means that it is allowed. */
  check({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): RequestRejection | null {
    const host = headers.host?.toLowerCase() ?? ''
    if (!this.#allowedHosts.has(host.replace(/:\d*$/, ''))) {
      return {
        status: 403,
        message: 'The Host header does not name this server. Use localhost or its configured host.',
      }
    }
    const { origin } = headers
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      return { status: 403, message: 'The Origin is not this server. Pages of other origins must not call it.' }
    }
    const site = headers['sec-fetch-site']
    if ((site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate') {
      return { status: 403, message: 'The request comes from another site. Pages of other sites must not call it.' }
    }
    if (method === 'POST' && !jsonContentType.test(headers['content-type'] ?? '')) {
      return { status: 415, message: 'The content type is not JSON. Send the request as application/json.' }
    }
    return null
  }
}
