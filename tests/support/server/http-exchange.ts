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
  /** A Host header replaces the default one. */
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

/** Sends a request with any headers, including those that a browser does not let a page set. */
export async function sendHttpRequest(
  url: string,
  { method = 'GET', path = '/', headers = {}, body }: HttpRequest,
): Promise<HttpExchange> {
  const clientRequest = request(url, { method, path, headers, agent: false })
  // The server may close the connection without reading the body. The response still counts.
  clientRequest.on('error', () => undefined)
  clientRequest.end(body)
  const [response] = await once(clientRequest, 'response')
  const received = await buffer(response)
  return { status: response.statusCode, headers: response.headers, body: received, text: received.toString() }
}

/** A POST request with a GraphQL operation as JSON. */
export function graphqlPost(query: string, headers: OutgoingHttpHeaders = {}): HttpRequest {
  return {
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  }
}
