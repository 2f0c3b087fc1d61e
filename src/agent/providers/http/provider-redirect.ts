import type { IncomingMessage } from 'node:http'
import type { HttpClientRequest } from '../../../lib/http/http-client.ts'
import { AgentError } from '../../agent.ts'

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Returns the request that a redirect asks for; null if the response is no redirect. Only a redirect within a server is
 * followed, or from http to https on the same host: keys and chats go to no other server than the configured one. Throws
 * an AgentError otherwise.
 */
export function followProviderRedirect(
  request: HttpClientRequest,
  response: IncomingMessage,
): HttpClientRequest | null {
  const { statusCode = 0, headers } = response
  if (!redirectStatuses.has(statusCode) || headers.location === undefined) return null
  const from = new URL(request.url)
  const to = URL.parse(headers.location, from)
  if (!to || !isSameServer(from, to)) throw createProviderRedirectError(to)
  to.hash = ''
  const next = { ...request, url: to.href }
  // 301 and 302 keep the method, unlike in browsers: a gateway that moves a POST expects a POST.
  return statusCode === 303 ? { ...next, method: 'GET', body: '' } : next
}

export function createProviderRedirectError(target: URL | null): AgentError {
  const where = target && /^https?:$/.test(target.protocol) ? ` (${target.host})` : ''
  return new AgentError(
    'PROVIDER',
    `The provider redirects to another server${where}. Check its baseURL, and set it to the new address if you trust it.`,
  )
}

function isSameServer(from: URL, to: URL): boolean {
  if (to.username !== '' || to.password !== '') return false
  if (from.origin === to.origin) return true
  return from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname && to.port === ''
}
