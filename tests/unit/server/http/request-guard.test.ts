import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTestSegue, type TestSegue } from '../../../support/server/segue.ts'
import { trackServerConnections } from '../../../support/server/server-connections.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { sendHttpRequest, graphqlPost, type HttpRequest } from '../../../support/server/http-exchange.ts'

let segue: TestSegue
let port: string

beforeAll(async () => {
  segue = await startTestSegue()
  port = new URL(segue.url).port
})

afterAll(() => segue[Symbol.asyncDispose]())

const successBody = '{"data":{"__typename":"Query"}}'

/** The result of a handshake: `open`, or the status of its refusal. */
async function tryHandshake(headers: Record<string, string>, path = '/graphql'): Promise<'open' | number> {
  const socket = new WebSocket(`${segue.url.replace('http', 'ws')}${path}`, 'graphql-transport-ws', { headers })
  const { promise, resolve, reject } = Promise.withResolvers<'open' | number>()
  socket.on('open', () => resolve('open'))
  socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
  socket.on('error', reject)
  return promise.finally(() => socket.terminate())
}

describe('a Host header', () => {
  const allowedHosts = (): string[] => [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `[::1]:${port}`,
    'localhost',
    '[::1]',
    `LocalHost:${port}`,
    // A tunnel may have another port at the client's end.
    'localhost:80',
  ]
  const foreignHosts = (): string[] => [
    'example.com',
    `example.com:${port}`,
    `localhost.example.com:${port}`,
    `127.0.0.1.example.com`,
    `localhost@example.com`,
    `example.com#localhost`,
    `localhost, example.com`,
    'localhost.',
    '0.0.0.0',
    '127.0.0.2',
    '[::]',
    '::1',
    `:${port}`,
    'localhost:80:80',
  ]

  test('that names this server is allowed, over HTTP and at the handshake of a WebSocket', async () => {
    for (const host of allowedHosts()) {
      expect(await sendHttpRequest(segue.url, graphqlPost('{ __typename }', { host })), host).toMatchObject({
        status: 200,
        text: successBody,
      })
      expect(await tryHandshake({ host }), host).toBe('open')
    }
  })

  test('that names another host is refused, on every path and at the handshake', async () => {
    for (const host of foreignHosts()) {
      for (const path of ['/', '/graphql', '/health', '/files/a/0', '/nothing']) {
        const { status, headers, text } = await sendHttpRequest(segue.url, { path, headers: { host } })
        expect([status, headers['content-type']], `${host}${path}`).toEqual([403, 'application/json; charset=utf-8'])
        expect(JSON.parse(text), host).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
      }
      expect(await tryHandshake({ host }), host).toBe(403)
    }
  })

  test('that is missing or empty is refused', async () => {
    const sendRaw = async (request: string): Promise<string> => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.end(request)
      let text = ''
      for await (const chunk of socket.setEncoding('utf8')) text += chunk
      return text.split('\r\n')[0] ?? ''
    }
    expect(await sendRaw('GET /health HTTP/1.0\r\n\r\n')).toMatch(/ 403 /)
    expect(await sendRaw('GET /health HTTP/1.1\r\n\r\n')).toMatch(/ 400 /)
    expect(await sendRaw('GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).toMatch(/ 403 /)
    expect(await sendRaw('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(/ 200 /)
  })
})

describe('a request of a browser', () => {
  const foreignHeaders = (): Record<string, string>[] => [
    { origin: 'http://example.com' },
    { origin: `https://example.com:${port}` },
    { origin: 'null' },
    { origin: '' },
    { origin: 'http://localhost:1' },
    { origin: 'http://127.0.0.1' },
    { origin: `http://127.0.0.1:${port}.example.com` },
    { origin: `http://127.0.0.1:${port}/` },
    { origin: `ftp://127.0.0.1:${port}` },
    { origin: `file://127.0.0.1:${port}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'websocket' },
    { origin: 'http://example.com', 'sec-fetch-mode': 'navigate' },
    { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:1', 'sec-fetch-site': 'none' },
    // A name that leads to a proxy of this machine by DNS rebinding.
    { origin: 'http://example.com:5173', 'sec-fetch-site': 'same-origin' },
    { origin: 'http://localhost.example.com', 'sec-fetch-site': 'same-origin' },
    { origin: 'null', 'sec-fetch-site': 'same-origin' },
  ]

  test('from a page of this server is allowed', async () => {
    const ownHeaders = [
      { origin: `http://127.0.0.1:${port}` },
      { origin: `http://localhost:${port}`, host: `localhost:${port}` },
      { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
    ]
    for (const headers of ownHeaders) {
      expect(await sendHttpRequest(segue.url, graphqlPost('{ __typename }', headers))).toMatchObject({
        status: 200,
        text: successBody,
      })
      expect(await tryHandshake(headers)).toBe('open')
    }
  })

  test('from a page of another origin is refused, over HTTP and at the handshake', async () => {
    for (const headers of foreignHeaders()) {
      const label = JSON.stringify(headers)
      expect(await sendHttpRequest(segue.url, graphqlPost('{ __typename }', headers)), label).toMatchObject({
        status: 403,
      })
      expect(await sendHttpRequest(segue.url, { path: '/health', headers }), label).toMatchObject({ status: 403 })
      expect(await tryHandshake(headers), label).toBe(403)
    }
  })

  test('that a proxy of the own server of a page passes on is allowed, with or without its Host', async () => {
    const proxied = [
      { host: 'localhost:5173', origin: 'http://localhost:5173' },
      { host: 'localhost:5173', origin: 'http://localhost:5173', 'sec-fetch-site': 'same-origin' },
      { origin: 'http://localhost:5173', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
      { origin: 'https://127.0.0.1:5173', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'websocket' },
      { origin: 'http://[::1]:5173', 'sec-fetch-site': 'same-origin' },
    ]
    for (const headers of proxied) {
      const label = JSON.stringify(headers)
      expect(await sendHttpRequest(segue.url, graphqlPost('{ __typename }', headers)), label).toMatchObject({
        status: 200,
      })
      expect(await tryHandshake(headers), label).toBe('open')
    }
  })

  test('that follows a link from another site to the playground is allowed', async () => {
    const headers = { accept: 'text/html', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    expect((await sendHttpRequest(segue.url, { path: '/', headers })).status).toBe(302)
  })

  test('never gets CORS headers', async () => {
    for (const headers of [{}, { origin: `http://127.0.0.1:${port}` }, { origin: 'http://example.com' }]) {
      const preflight: HttpRequest = {
        method: 'OPTIONS',
        path: '/graphql',
        headers: {
          ...headers,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      }
      for (const request of [graphqlPost('{ __typename }', headers), preflight]) {
        const names = Object.keys((await sendHttpRequest(segue.url, request)).headers)
        expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([])
      }
    }
  })
})

describe('a mutation', () => {
  const mutation = 'mutation { createSession(input: {}) { id } }'
  let before: string

  const listSessions = async (): Promise<string> =>
    (await sendHttpRequest(segue.url, graphqlPost('{ sessions { edges { node { id } } } }'))).text

  beforeEach(async () => {
    before = await listSessions()
  })

  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; charset=utf-8',
    'text/plain, application/json',
    'text/plain; application/json',
    'application/jsonp',
    'application/graphql',
    '',
  ])('with the content type %j is refused and changes nothing', async (type) => {
    const { status, text } = await sendHttpRequest(segue.url, graphqlPost(mutation, { 'content-type': type }))
    expect(status).toBe(415)
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(await listSessions()).toBe(before)
  })

  test('without a content type is refused and changes nothing', async () => {
    const { headers: _, ...untyped } = graphqlPost(mutation)
    expect(await sendHttpRequest(segue.url, untyped)).toMatchObject({ status: 415 })
    expect(await listSessions()).toBe(before)
  })

  test('by GET or HEAD, or from another site, is refused and changes nothing', async () => {
    const path = `/graphql?query=${encodeURIComponent(mutation)}`
    expect(await sendHttpRequest(segue.url, { path })).toMatchObject({ status: 405 })
    for (const method of ['HEAD', 'PUT', 'DELETE']) {
      const { status } = await sendHttpRequest(segue.url, { method, path })
      expect(status, method).toBeGreaterThanOrEqual(400)
    }
    expect(await sendHttpRequest(segue.url, graphqlPost(mutation, { origin: 'http://example.com' }))).toMatchObject({
      status: 403,
    })
    expect(await listSessions()).toBe(before)
  })

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=utf-8',
    'Application/JSON',
    'application/json ; charset=utf-8',
  ])('with the content type %j is executed', async (type) => {
    const { status } = await sendHttpRequest(segue.url, graphqlPost(mutation, { 'content-type': type }))
    expect(status).toBe(200)
    expect(await listSessions()).not.toBe(before)
  })
})

describe('a handshake', () => {
  test('on another path is refused with 404', async () => {
    for (const path of ['/', '/graphql/', '/graphqlx', '/health']) expect(await tryHandshake({}, path), path).toBe(404)
    expect(await tryHandshake({}, '/graphql?token=x')).toBe('open')
  })

  test('that is refused leaves one error listener on its socket', async () => {
    using connections = trackServerConnections()
    const client = connect(Number(port), '127.0.0.1')
    await once(client, 'connect')
    await waitUntil(() => connections.openSockets.length > 0)
    const socket = connections.openSockets.find(({ remotePort }) => remotePort === client.localPort)
    const headers = 'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    client.end(`GET /elsewhere HTTP/1.1\r\n${headers}`).resume()
    await once(client, 'close')
    expect(socket?.listenerCount('error')).toBe(1)
  })

  test('whose client resets the connection does not affect the server', async () => {
    for (const path of ['/elsewhere', '/graphql']) {
      for (let i = 0; i < 20; i++) {
        const socket = connect(Number(port), '127.0.0.1')
        await once(socket, 'connect')
        const headers = 'Host: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
        socket.write(`GET ${path} HTTP/1.1\r\n${headers}`, () => socket.resetAndDestroy())
        await once(socket, 'close')
      }
    }
    expect(await sendHttpRequest(segue.url, { path: '/health' })).toMatchObject({ status: 200 })
  })
})

test('a server on another loopback address allows that address as Host', async () => {
  await using other = await startTestSegue({ settings: { host: '127.0.0.3' } })
  expect(other.url).toMatch(/^http:\/\/127\.0\.0\.3:\d+$/)
  expect(await sendHttpRequest(other.url, { path: '/health' })).toMatchObject({ status: 200 })
  expect(await sendHttpRequest(other.url, { path: '/health', headers: { host: '127.0.0.4' } })).toMatchObject({
    status: 403,
  })
  expect(await sendHttpRequest(segue.url, { path: '/health', headers: { host: '127.0.0.3' } })).toMatchObject({
    status: 403,
  })
})

test('the URL of a server on ::1 has brackets', async () => {
  await using other = await startTestSegue({ settings: { host: '::1' } })
  expect(other.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  expect(await sendHttpRequest(other.url, { path: '/health' })).toMatchObject({ status: 200 })
})
