import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { HttpConnectError, HttpIdleError } from '../../../../src/lib/http/http-client-error.ts'
import { HttpClient, type HttpClientRequest } from '../../../../src/lib/http/http-client.ts'
import { startForwardProxy } from '../../../support/server/forward-proxy.ts'
import { findUnusedUrl, startHttpServer } from '../../../support/server/small-server.ts'

const newRequest = (url: string, overrides: Partial<HttpClientRequest> = {}): HttpClientRequest => ({
  url,
  method: 'POST',
  headers: { 'x-test': '1' },
  body: 'Hello',
  signal: null,
  reusesConnection: true,
  idleTimeoutMs: null,
  ...overrides,
})

/** The error with which a request fails. */
async function findError(client: HttpClient, request: HttpClientRequest): Promise<unknown> {
  const response = await client.send(request).catch((error: unknown) => error)
  if (!(response instanceof Error)) throw new Error('The request did not fail.')
  return response
}

const portOf = (url: string): number => Number(new URL(url).port)

test('a request and its response pass unchanged, and a connection is used again', async () => {
  await using server = await startHttpServer((request, response) =>
    request.pipe(response.writeHead(201, { 'x-port': request.socket.remotePort })),
  )
  const client = new HttpClient({})
  const ports: unknown[] = []
  for (let round = 0; round < 2; round += 1) {
    const response = await client.send(newRequest(`${server.url}/a?b=c`))
    expect([response.statusCode, await text(response)]).toEqual([201, 'Hello'])
    ports.push(response.headers['x-port'])
  }
  expect(ports[1]).toBe(ports[0])
  expect(server.requests[0]).toMatchObject({
    method: 'POST',
    url: '/a?b=c',
    headers: { 'content-length': '5', 'x-test': '1' },
  })
  client.close()
})

test('a connection that the server has closed while it was idle costs no request', async () => {
  await using server = await startHttpServer((_request, response) => response.end('ok'))
  const client = new HttpClient({})
  await text(await client.send(newRequest(server.url)))
  const [first] = server.requests
  // The client learns of it when it uses the connection.
  first?.socket.destroy()
  expect(await text(await client.send(newRequest(server.url)))).toBe('ok')
  client.close()
})

test('a plain request goes to the proxy with its credentials, and its response comes back', async () => {
  await using server = await startHttpServer((_request, response) => response.end('Through the proxy.'))
  await using proxy = await startForwardProxy({ targetPort: portOf(server.url) })
  const client = new HttpClient({ HTTP_PROXY: `http://me:secret@${proxy.address}` })
  expect(await text(await client.send(newRequest('http://llm.corp.test/v1')))).toBe('Through the proxy.')
  expect(proxy.requests).toEqual(['POST http://llm.corp.test/v1'])
  expect(proxy.credentials).toEqual([`Basic ${Buffer.from('me:secret').toString('base64')}`])
  // The proxy's credentials are the proxy's alone.
  expect(JSON.stringify(server.requests[0]?.headers)).not.toContain('secret')
  expect(await text(await client.send(newRequest(server.url)))).toBe('Through the proxy.')
  expect(proxy.requests).toHaveLength(1)
  client.close()
})

test.each([403, 407, 502])(
  'a proxy that refuses a tunnel with %i is named, without its credentials',
  async (status) => {
    await using proxy = await startForwardProxy({ targetPort: 1, status })
    const client = new HttpClient({ https_proxy: `http://me:secret@${proxy.address}` })
    const error = await findError(client, newRequest('https://llm.corp.test/v1'))
    expect(error).toMatchObject({ name: 'HttpConnectError', failure: { kind: 'proxy-refused', status } })
    const { message } = error as HttpConnectError
    expect(message).toContain(`The proxy ${proxy.address} `)
    expect(message).toContain('https_proxy')
    expect(message).not.toContain('secret')
  },
)

test('a proxy that rejects the credentials of a plain request is told apart from the server', async () => {
  await using proxy = await startForwardProxy({ targetPort: 1, status: 407 })
  const client = new HttpClient({ HTTP_PROXY: `http://${proxy.address}` })
  expect(await findError(client, newRequest('http://llm.corp.test'))).toMatchObject({
    message: `The proxy ${proxy.address} rejected its credentials (HTTP 407). Check the user and the password in HTTP_PROXY.`,
  })
})

test.each(['http', 'https'])('a proxy for %s that cannot be reached is named', async (protocol) => {
  const address = new URL(await findUnusedUrl()).host
  const client = new HttpClient({
    HTTP_PROXY: `http://me:secret@${address}`,
    HTTPS_PROXY: `http://me:secret@${address}`,
  })
  expect(await findError(client, newRequest(`${protocol}://llm.corp.test`))).toMatchObject({
    failure: { kind: 'proxy-unreachable', proxy: address, code: 'ECONNREFUSED' },
    message: `The proxy ${address} could not be reached (ECONNREFUSED). Check ${protocol.toUpperCase()}_PROXY and NO_PROXY.`,
  })
})

test('a variable that names no HTTP proxy fails the requests that would need it', async () => {
  const client = new HttpClient({ HTTP_PROXY: 'socks5://me:secret@proxy:1080' })
  expect(await findError(client, newRequest('http://llm.corp.test'))).toMatchObject({
    message: 'The environment variable HTTP_PROXY is not the URL of an HTTP proxy. Correct it or unset it.',
  })
})

test('an abort during a tunnel that is not answered ends the request at once', async () => {
  const silent = createTcpServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const client = new HttpClient({ HTTPS_PROXY: `http://127.0.0.1:${port}` }, 300)
  const controller = new AbortController()
  const connected = once(silent, 'connection')
  const failed = findError(client, newRequest('https://llm.corp.test', { signal: controller.signal }))
  await connected
  controller.abort(new Error('stopped'))
  expect(await failed).toEqual(new Error('stopped'))
  // Without an abort it ends after the timeout for connections.
  expect(await findError(client, newRequest('https://llm.corp.test'))).toBeInstanceOf(HttpConnectError)
  silent.close()
})

test('a server that cannot be reached is told apart from a connection that breaks', async () => {
  await using server = await startHttpServer((request) => void request.socket.destroy())
  const client = new HttpClient({})
  const unreachable = await findError(client, newRequest(await findUnusedUrl()))
  expect(unreachable).toMatchObject({ failure: { kind: 'unreachable', code: 'ECONNREFUSED' } })
  expect(await findError(client, newRequest(server.url))).toMatchObject({ code: 'ECONNRESET' })
  expect(await findError(client, newRequest(server.url))).not.toBeInstanceOf(HttpConnectError)
})

test('a server that accepts a request and stays silent is idle', async () => {
  await using server = await startHttpServer(() => {})
  const error = await findError(new HttpClient({}), newRequest(server.url, { idleTimeoutMs: 100 }))
  expect(error).toEqual(new HttpIdleError(100))
})

test('a certificate of an unknown authority is named as the reason', async () => {
  const read = (name: string) => readFileSync(new URL(`../../../support/fixtures/tls/${name}`, import.meta.url))
  const server = createSecureServer({ cert: read('server.pem'), key: read('server-key.pem') }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const error = await findError(new HttpClient({}), newRequest(`https://localhost:${port}/`))
  expect(error).toMatchObject({ failure: { kind: 'untrusted-certificate', host: 'localhost' } })
  expect(String(error)).toContain('NODE_EXTRA_CA_CERTS')
  server.close()
})
