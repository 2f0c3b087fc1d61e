import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

type ConnectedRequest = Pick<IncomingMessage, 'headers' | 'socket'>

/** Whether the client uses TLS: with this server, or with a proxy that is trusted. */
export function isEncrypted({ socket, headers }: ConnectedRequest, trustProxy: boolean): boolean {
  if (socket instanceof TLSSocket) return true
  return trustProxy && /^\s*https\s*(,|$)/i.test(String(headers['x-forwarded-proto'] ?? ''))
}

/**
 * Whether a request comes from a page of this server, by its Origin. Where the client uses TLS, a page without TLS is another
 * one: anybody in the network between could have made it. Otherwise a proxy may do TLS that says nothing of it.
 */
export function isOwnOrigin(request: ConnectedRequest, trustProxy: boolean): boolean {
  const { origin, host = '' } = request.headers
  const ownHost = host.toLowerCase()
  return origin === `https://${ownHost}` || (origin === `http://${ownHost}` && !isEncrypted(request, trustProxy))
}
