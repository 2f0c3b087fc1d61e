import type { IncomingMessage } from 'node:http'
import type { RequestRejection } from '../request-rejection.ts'

/** A target that names the host itself (RFC 9112, 3.2.2), as clients send it to proxies. */
const absoluteFormPattern = /^https?:\/\/(?<host>[^/?#]*)(?<path>.*)$/is

/**
 * Makes the target of a request a path. Rejects a request that names two hosts: what looks at one of them, such as a proxy,
 * and what looks at the other would see different requests.
 */
export function normalizeRequestTarget(request: IncomingMessage): RequestRejection | null {
  const { rawHeaders } = request
  let hosts = 0
  // Names and values alternate.
  for (let index = 0; index < rawHeaders.length; index += 2) if (isHostHeader(rawHeaders[index])) hosts += 1
  if (hosts > 1) return reject('The request has more than one Host header. Send one.')
  if (request.url?.startsWith('/')) return null
  const { host, path } = absoluteFormPattern.exec(request.url ?? '')?.groups ?? {}
  if (host === undefined || path === undefined) return null
  if (host.toLowerCase() !== request.headers.host?.toLowerCase())
    return reject('The target of the request and its Host header name different hosts. Send the path alone.')
  request.url = path.startsWith('/') ? path : `/${path}`
  return null
}

function isHostHeader(name: string | undefined): boolean {
  return name?.length === 4 && name.toLowerCase() === 'host'
}

function reject(message: string): RequestRejection {
  return { status: 400, message, refusedOrigin: null }
}
