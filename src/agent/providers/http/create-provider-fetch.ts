import type { IncomingMessage } from 'node:http'
import { HttpConnectError, HttpIdleError } from '../../../lib/http/http-client-error.ts'
import type { HttpClient, HttpClientRequest } from '../../../lib/http/http-client.ts'
import { AgentError } from '../../agent.ts'
import { createProviderRedirectError, followProviderRedirect } from './provider-redirect.ts'
import { readProviderBody } from './read-provider-body.ts'

export interface ProviderFetchOptions {
  readonly client: HttpClient
  /** Milliseconds without a byte from or to the provider after which a request fails. */
  readonly idleTimeoutMs: number
  /** The headers that must not be sent, in lower case. */
  readonly removedHeaders?: readonly string[]
}

const maxRedirects = 5

/**
 * Creates the `fetch` for all requests to a provider. It goes through the proxies of the environment, measures activity in
 * bytes, so that comments and pings count, and sends keys to no other host. Rejects with an AgentError if the provider is
 * idle or the proxy fails; otherwise with the error of the connection, or the reason of the signal. So does its body.
 */
export function createProviderFetch(options: ProviderFetchOptions): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const request = toHttpRequest(input, init, options)
    try {
      const response = await sendFollowingRedirects(options.client, request)
      return toResponse(response, request.signal, options.idleTimeoutMs)
    } catch (error) {
      throw toProviderRequestError(error)
    }
  }
}

function toHttpRequest(
  input: RequestInfo | URL,
  { method = 'GET', headers, body, signal }: RequestInit,
  { idleTimeoutMs, removedHeaders = [] }: ProviderFetchOptions,
): HttpClientRequest {
  if (input instanceof Request) throw new TypeError('A Request is not supported. Pass its URL.')
  if (body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new TypeError('The body must be a string or bytes.')
  const allHeaders = new Headers(headers)
  for (const name of removedHeaders) allHeaders.delete(name)
  return {
    url: String(input),
    method,
    headers: { accept: '*/*', ...Object.fromEntries(allHeaders) },
    body: body ?? '',
    signal: signal ?? null,
    reusesConnection: true,
    idleTimeoutMs,
  }
}

async function sendFollowingRedirects(client: HttpClient, firstRequest: HttpClientRequest): Promise<IncomingMessage> {
  let request = firstRequest
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const response = await client.send(request)
    try {
      const next = followProviderRedirect(request, response)
      if (!next) return response
      request = next
    } catch (error) {
      response.destroy()
      throw error
    }
    response.destroy()
  }
  throw createProviderRedirectError(null)
}

function toResponse(response: IncomingMessage, signal: AbortSignal | null, idleTimeoutMs: number): Response {
  const { statusCode: status = 0, headersDistinct } = response
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value)
  if (status === 204 || status === 205 || status === 304) {
    response.destroy()
    return new Response(null, { status, headers })
  }
  const chunks = readProviderBody(response, idleTimeoutMs)
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(signal?.aborted ? signal.reason : toProviderRequestError(error))
        }
      },
      cancel: () => void response.destroy(),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status, headers })
}

/** A failure that says all there is to say becomes an AgentError. The others are classified with those of the SDK. */
function toProviderRequestError(error: unknown): unknown {
  if (error instanceof HttpIdleError) return createIdleTimeoutError(error.idleTimeoutMs)
  const isExplained = error instanceof HttpConnectError && error.failure.kind !== 'unreachable'
  return isExplained ? new AgentError('PROVIDER', error.message) : error
}

function createIdleTimeoutError(idleTimeoutMs: number): AgentError {
  const seconds = Math.round(idleTimeoutMs / 100) / 10
  return new AgentError('TIMEOUT', `The provider sent no data for ${seconds} seconds. Try again.`)
}
