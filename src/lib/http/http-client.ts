import { Agent as PlainAgent, type ClientRequest, type IncomingMessage, request as plain } from 'node:http'
import { Agent as SecureAgent, request as secure } from 'node:https'
import type { Socket } from 'node:net'
import { HttpConnectError, HttpIdleError } from './http-client-error.ts'
import { type ProxyServer, ProxySettings } from './proxy-settings.ts'

export interface HttpClientRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  readonly signal: AbortSignal | null
  /** Whether the connection may be used again. A reused one may be closed by the server at this moment. */
  readonly reusesConnection: boolean
  /** Milliseconds without data in either direction, until the head of the response has arrived. Null: no limit. */
  readonly idleTimeoutMs: number | null
}

const defaultConnectTimeoutMs = 10_000

/** Codes of OpenSSL's errors about certificates. */
const certificateErrorPattern = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT)/

/**
 * Sends all HTTP requests of Segue to other servers, through the proxies of the environment. Unlike `fetch`, it has no
 * limit of five minutes on a response, follows no redirects, and tells whether a failed request was sent at all.
 */
export class HttpClient {
  readonly #proxies: ProxySettings
  readonly #connectTimeoutMs: number
  readonly #agents = new Map<string, PlainAgent>()

  constructor(env: Readonly<Record<string, string | undefined>>, connectTimeoutMs = defaultConnectTimeoutMs) {
    this.#proxies = new ProxySettings(env)
    this.#connectTimeoutMs = connectTimeoutMs
  }

  /** What is wrong with the proxies of the environment, in sentences without secrets. */
  get warnings(): readonly string[] {
    return this.#proxies.listProblems()
  }

  /**
   * Resolves when the head of the response has arrived. Rejects with a HttpConnectError if the request was not sent, with
   * a HttpIdleError, with the reason of the signal, or with the error of the connection.
   */
  async send(request: HttpClientRequest): Promise<IncomingMessage> {
    const proxy = this.#selectProxy(new URL(request.url))
    try {
      return await this.#attempt(request, proxy)
    } catch (error) {
      // The server has closed a connection that was idle.
      if (!(error instanceof StaleConnectionError)) throw error
      return this.#attempt({ ...request, reusesConnection: false }, proxy)
    }
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
  }

  #selectProxy(url: URL): ProxyServer | null {
    const proxy = this.#proxies.select(url)
    if (proxy && !('url' in proxy)) throw new HttpConnectError({ kind: 'invalid-proxy', variable: proxy.variable })
    return proxy
  }

  async #attempt(request: HttpClientRequest, proxy: ProxyServer | null): Promise<IncomingMessage> {
    const { url, method, headers, body, signal, idleTimeoutMs } = request
    signal?.throwIfAborted()
    const isSecure = url.startsWith('https:')
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const agent = this.#getAgent(isSecure, request.reusesConnection, proxy)
    const clientRequest = (isSecure ? secure : plain)(url, { method, headers, agent, ...(signal && { signal }) })
    const connection = watchConnection(clientRequest, isSecure, this.#connectTimeoutMs, idleTimeoutMs)
    clientRequest.once('response', resolve)
    clientRequest.on('error', (error) => reject(toRequestError(error, clientRequest, connection.isOpen(), proxy)))
    // A request that waits for a tunnel emits no error when it is aborted.
    const abort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', abort)
    clientRequest.end(body)
    try {
      const response = await promise
      if (proxy && response.statusCode === 407) {
        response.destroy()
        throw createProxyRefusal(proxy, 407)
      }
      return response
    } finally {
      connection.stopWatching()
      signal?.removeEventListener('abort', abort)
    }
  }

  #getAgent(isSecure: boolean, keepAlive: boolean, proxy: ProxyServer | null): PlainAgent {
    const key = `${isSecure} ${keepAlive} ${proxy !== null}`
    const existing = this.#agents.get(key)
    if (existing) return existing
    const options = {
      keepAlive,
      // Also the timeout of a proxy's tunnel. Requests ignore it.
      timeout: this.#connectTimeoutMs,
      ...(proxy && { proxyEnv: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url } }),
    }
    const agent = isSecure ? new SecureAgent(options) : new PlainAgent(options)
    this.#agents.set(key, agent)
    return agent
  }
}

/** A connection that was used again turned out to be closed. */
class StaleConnectionError extends Error {}

interface ConnectionWatch {
  /** Whether the connection to the server, or to its proxy, was made. */
  readonly isOpen: () => boolean
  readonly stopWatching: () => void
}

/** Destroys the request if there is no connection in time, or if the connection is idle until the response begins. */
function watchConnection(
  request: ClientRequest,
  isSecure: boolean,
  connectTimeoutMs: number,
  idleTimeoutMs: number | null,
): ConnectionWatch {
  let isOpen = false
  const timeoutError = Object.assign(new Error('The connection timed out.'), { code: 'ETIMEDOUT' })
  const timer = setTimeout(() => request.destroy(timeoutError), connectTimeoutMs)
  const onOpen = (): void => {
    isOpen = true
    clearTimeout(timer)
    if (idleTimeoutMs !== null)
      request.setTimeout(idleTimeoutMs, () => request.destroy(new HttpIdleError(idleTimeoutMs)))
  }
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket) onOpen()
    else socket.once(isSecure ? 'secureConnect' : 'connect', onOpen)
  })
  const stopWatching = (): void => {
    clearTimeout(timer)
    if (idleTimeoutMs !== null) request.setTimeout(0)
  }
  return { isOpen: () => isOpen, stopWatching }
}

function toRequestError(error: Error, request: ClientRequest, isOpen: boolean, proxy: ProxyServer | null): Error {
  if (error instanceof HttpIdleError || error.name === 'AbortError') return error
  const code = readErrorCode(error)
  if (request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) return new StaleConnectionError()
  if (proxy && code === 'ERR_PROXY_TUNNEL') return createProxyRefusal(proxy, readProxyStatus(error))
  if (isOpen) return error
  if (certificateErrorPattern.test(code))
    return new HttpConnectError({ kind: 'untrusted-certificate', host: request.host, code })
  return new HttpConnectError(
    proxy
      ? { kind: 'proxy-unreachable', proxy: proxy.address, variable: proxy.variable, code }
      : { kind: 'unreachable', code },
  )
}

function createProxyRefusal({ address, variable }: ProxyServer, status: number | null): HttpConnectError {
  return new HttpConnectError({ kind: 'proxy-refused', proxy: address, variable, status })
}

function readProxyStatus(error: Error): number | null {
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null
}

function readErrorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
