import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { type IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'

const fixture = (name: string): string => new URL(`../fixtures/tls/${name}`, import.meta.url).pathname

/** The certificate of the name below, its key, and the authority that has signed it. */
export const tlsFiles = {
  certificate: fixture('server.pem'),
  key: fixture('server-key.pem'),
  authority: fixture('authority.pem'),
}
export const tlsHost = 'llm.corp.test'

const trusted = { ca: readFileSync(tlsFiles.authority), servername: tlsHost }

export interface TlsRequest {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Left out: GET. */
  readonly body?: string
}

/** Sends a request to a port of this machine, as if it were the host of the certificate. */
export async function sendOverTls(port: number, { path = '/graphql', headers = {}, body }: TlsRequest) {
  const outgoing = request({
    ...trusted,
    host: '127.0.0.1',
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers: { host: tlsHost, 'content-type': 'application/json', ...headers },
  })
  outgoing.end(body)
  const [response]: IncomingMessage[] = await once(outgoing, 'response')
  if (!response) throw new Error('There is no response.')
  return response
}

/** A GraphQL client over a WebSocket with TLS. */
export function connectOverTls(port: number, connectionParams: Readonly<Record<string, unknown>>): Client {
  class TrustingWebSocket extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { ...trusted, headers: { host: tlsHost } })
    }
  }
  const url = `wss://127.0.0.1:${port}/graphql`
  return createClient({ url, connectionParams, webSocketImpl: TrustingWebSocket, retryAttempts: 0 })
}
