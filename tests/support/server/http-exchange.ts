import { once } from 'node:events'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

export interface HttpExchange {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

export interface HttpRequest {
  readonly method?: string
  readonly path?: string
  /** A Host given here is sent as it is. */
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

/** A request as a program can send it: with headers that no browser lets a page choose. */
export async function sendHttpRequest(
  url: string,
  { method = 'GET', path = '/', headers = {}, body }: HttpRequest,
): Promise<HttpExchange> {
  const sent = request(url, { method, path, headers, agent: false })
  // A server that refuses may hang up on a body that it does not read: what counts is whether it answered.
  sent.on('error', () => undefined)
  sent.end(body)
  const [response] = await once(sent, 'response')
  const received = await buffer(response)
  return { status: response.statusCode, headers: response.headers, body: received, text: received.toString() }
}

/** A GraphQL request, posted as JSON. */
export function graphqlPost(query: string, headers: OutgoingHttpHeaders = {}): HttpRequest {
  return {
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  }
}
