import type { IncomingMessage } from 'node:http'
import { isHttpOrigin } from '../../config/http/http-origin.ts'
import { readRequestPath } from './router.ts'
import { filesPath } from '../../model/message-content/blob-url.ts'
import { truncate } from '../../lib/text/truncate.ts'
import { isOwnOrigin } from '../own-origin.ts'
import type { RequestRejection } from '../request-rejection.ts'

export interface RequestGuardOptions {
  /** The name or address on which the server listens. */
  readonly host: string
  /** Further names and addresses under which clients reach it. */
  readonly publicHosts: readonly string[]
  /** Origins of other pages that may call the server. Called for each request. */
  readonly readAllowedOrigins: () => readonly string[]
  /** Whether the headers of a proxy say how clients are connected. */
  readonly trustProxy: boolean
}

/** A web page can make a browser send any other type of body without a preflight request. */
const jsonContentType = /^application\/json\s*(;|$)/i

const loopbackOrigin = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

const otherSiteMessage =
  'The request comes from another site and has no Origin header. Send it with CORS (an image: with the attribute crossorigin), from an origin that --allow-origin names.'

/** In UTF-16 code units. The name of a host has at most 253. */
const maxOriginLength = 300

/**
 * Rejects requests that a web page could make on the user's behalf, except for pages of allowed origins. The Host check
 * stops DNS rebinding, the Origin and Sec-Fetch-Site checks stop cross-origin calls, and the content-type check stops form
 * posts.
 */
export class RequestGuard {
  readonly #allowedHosts: ReadonlySet<string>
  readonly #readAllowedOrigins: () => readonly string[]
  readonly #trustProxy: boolean
  /** The Host header of the last request that was allowed. Most clients send the same. */
  #knownHost: string | undefined

  constructor({ host, publicHosts, readAllowedOrigins, trustProxy }: RequestGuardOptions) {
    this.#allowedHosts = new Set([
      'localhost',
      '127.0.0.1',
      '[::1]',
      ...[host, ...publicHosts].map((name) => (name.includes(':') ? `[${name}]` : name.toLowerCase())),
    ])
    this.#readAllowedOrigins = readAllowedOrigins
    this.#trustProxy = trustProxy
  }

  /** Checks an HTTP request or a WebSocket handshake. Null means that it is allowed. */
  check(request: Pick<IncomingMessage, 'method' | 'headers' | 'url' | 'socket'>): RequestRejection | null {
    const { method, headers, url = '/' } = request
    if (headers.host === undefined || !this.#isAllowedHost(headers.host)) {
      return reject(
        403,
        'The Host header does not name this server. Use localhost, its configured host, or a name that --public-host gives it.',
      )
    }
    const originRejection = this.#checkOrigin(request)
    if (originRejection) return originRejection
    // A file has its own content type. The Origin is checked above: browsers send it with every POST.
    if (
      method === 'POST' &&
      readRequestPath({ url }) !== filesPath &&
      !jsonContentType.test(headers['content-type'] ?? '')
    ) {
      return reject(415, 'The content type is not JSON. Send the request as application/json.')
    }
    return null
  }

  #isAllowedHost(host: string): boolean {
    if (host === this.#knownHost) return true
    const isAllowed = this.#allowedHosts.has(host.toLowerCase().replace(/:\d*$/, ''))
    if (isAllowed) this.#knownHost = host
    return isAllowed
  }

  #checkOrigin(request: Pick<IncomingMessage, 'headers' | 'socket'>): RequestRejection | null {
    const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
    if (origin !== undefined) {
      if (this.#readAllowedOrigins().includes(origin)) return null
      const isOwn = isOwnOrigin(request, this.#trustProxy) || isProxiedByOwnServer(origin, site)
      if (!isOwn) return rejectOrigin(truncate(origin, maxOriginLength))
    }
    return (site === 'cross-site' || site === 'same-site') && mode !== 'navigate' ? reject(403, otherSiteMessage) : null
  }
}

/**
 * Whether a page of this machine has called its own server, which is then a proxy that replaces the Host. The browser says
 * so: a page cannot set Sec-Fetch-Site. A name that leads to such a proxy by DNS rebinding is no loopback name.
 */
function isProxiedByOwnServer(origin: string, site: IncomingMessage['headers'][string]): boolean {
  return site === 'same-origin' && loopbackOrigin.test(origin)
}

function reject(status: RequestRejection['status'], message: string): RequestRejection {
  return { status, message, refusedOrigin: null }
}

function rejectOrigin(origin: string): RequestRejection {
  const solution = isHttpOrigin(origin)
    ? `Start Segue with --allow-origin ${origin}, or have the server of the page pass its requests on, with their Host (changeOrigin: false).`
    : 'Only origins with http or https can be allowed: serve the page by a web server.'
  return { ...reject(403, `The origin ${JSON.stringify(origin)} is not allowed. ${solution}`), refusedOrigin: origin }
}
