import type { IncomingMessage } from 'node:http'

/** Why a request is not let in. */
export interface Rejection {
  readonly status: 403 | 415
  readonly message: string
}

/** Content types that a page of any site can make a browser send without asking. */
const jsonContentType = /^application\/json\s*(;|$)/i

/**
 * Who may knock. The server is a door to somebody's machine: a web page that the person happens to visit must not get
 * in, neither under a name of its own that leads here (rebinding), nor from its own origin, nor by a plain form.
 */
export class RequestGuard {
  readonly #allowedHosts: ReadonlySet<string>

  constructor(host: string) {
    this.#allowedHosts = new Set([
      'localhost',
      '127.0.0.1',
      '[::1]',
      host.includes(':') ? `[${host}]` : host.toLowerCase(),
    ])
  }

  /** Null when the request may come in. Holds for HTTP and for the handshake of a WebSocket. */
  check({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): Rejection | null {
    const host = headers.host?.toLowerCase() ?? ''
    if (!this.#allowedHosts.has(host.replace(/:\d*$/, ''))) {
      return { status: 403, message: 'The Host header names another server than this one.' }
    }
    const { origin } = headers
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      return { status: 403, message: 'Pages of other origins may not call this server.' }
    }
    const site = headers['sec-fetch-site']
    if ((site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate') {
      return { status: 403, message: 'Pages of other sites may not call this server.' }
    }
    if (method === 'POST' && !jsonContentType.test(headers['content-type'] ?? '')) {
      return { status: 415, message: 'Send the request as application/json.' }
    }
    return null
  }
}
