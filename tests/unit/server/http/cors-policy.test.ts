import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type HttpRequest, graphqlPost, sendHttpRequest } from '../../../support/server/http-exchange.ts'
import { startTestSegue, type TestSegue } from '../../../support/server/segue.ts'

const origin = 'http://localhost:5173'
const otherOrigin = 'https://chat.example.com'

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue({ settings: { allowedOrigins: [origin, otherOrigin] } })
})
afterEach(() => void segue.warnings.splice(0))
afterAll(() => segue[Symbol.asyncDispose]())

const filePath = `/files/${'0'.repeat(64)}`
const eventStream = { accept: 'text/event-stream' }
const page = { accept: 'text/html' }
const query = encodeURIComponent('{ __typename }')

/** Requests with every kind of response of the API and of files, by what they are. */
const requests: Record<string, HttpRequest> = {
  'a POST': graphqlPost('{ __typename }'),
  'an invalid document': graphqlPost('{'),
  'a body that is no JSON': { ...graphqlPost(''), body: '{' },
  'a body that is too large': graphqlPost('{ __typename }', { 'content-length': 20_000_000 }),
  'a form': graphqlPost('{ __typename }', { 'content-type': 'text/plain' }),
  'a GET': { path: `/graphql?query=${query}` },
  'an unacceptable type': { path: `/graphql?query=${query}`, headers: { accept: 'image/png' } },
  'an event stream': graphqlPost('subscription { followStream(streamId: "none") { seq } }', eventStream),
  'an event stream by GET': { path: `/graphql?query=${query}`, headers: eventStream },
  'a mutation by GET': { path: `/graphql?query=${encodeURIComponent('mutation { deleteJob(id: "a") }')}` },
  'the playground': { path: '/graphql', headers: page },
  'a file': { path: filePath },
  'the head of a file': { method: 'HEAD', path: filePath },
}

const send = (request: HttpRequest, headers: Record<string, string> = {}) =>
  sendHttpRequest(segue.url, { ...request, headers: { ...request.headers, ...headers } })

const listCorsHeaders = (headers: IncomingHttpHeaders): string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'))

function preflight(path: string, from: string): HttpRequest {
  const headers = {
    origin: from,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,idempotency-key,last-event-id',
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'cors',
  }
  return { method: 'OPTIONS', path, headers }
}

describe('a page of an allowed origin', () => {
  test.each(Object.entries(requests))('may send and read %s', async (_, request) => {
    for (const from of [origin, otherOrigin]) {
      const { status, headers } = await send(request, { origin: from, 'sec-fetch-site': 'cross-site' })
      expect(status).not.toBe(403)
      expect(headers).toMatchObject({
        'access-control-allow-origin': from,
        'access-control-expose-headers': 'retry-after, x-request-id, etag, content-range',
      })
      expect(headers.vary).toMatch(/(^|, )origin$/i)
      expect(listCorsHeaders(headers)).toHaveLength(2)
    }
  })

  test('gets the same response as any other client', async () => {
    const { status, text } = await send(graphqlPost('{ __typename }'), { origin })
    expect([status, text]).toEqual([200, '{"data":{"__typename":"Query"}}'])
  })

  test.each(['/graphql', filePath])('may ask before it sends a request to %s', async (path) => {
    const { status, headers, text } = await sendHttpRequest(segue.url, preflight(path, origin))
    expect([status, text]).toEqual([204, ''])
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers':
        'content-type, authorization, idempotency-key, last-event-id, traceparent, range, if-range, if-none-match',
      'access-control-max-age': '600',
      vary: 'Origin',
    })
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  })

  test('may read nothing else', async () => {
    for (const path of ['/', '/health', '/graphqlx', '/nothing']) {
      const { headers } = await send({ path }, { origin })
      expect(listCorsHeaders(headers), path).toEqual([])
    }
    expect(listCorsHeaders((await sendHttpRequest(segue.url, preflight('/health', origin))).headers)).toEqual([])
  })

  test('may open a WebSocket', async () => {
    const { status } = await openWebSocket({ origin, 'sec-fetch-site': 'cross-site' })
    expect(status).toBe(101)
    expect(segue.warnings).toEqual([])
  })

  test('still needs JSON, and the name of this server as Host', async () => {
    expect(await send(graphqlPost('{ __typename }', { 'content-type': 'text/plain' }), { origin })).toMatchObject({
      status: 415,
    })
    expect(await send(graphqlPost('{ __typename }'), { origin, host: 'example.com' })).toMatchObject({ status: 403 })
  })
})

describe('a response', () => {
  test.each(Object.entries(requests))('to %s varies by origin, whoever asks', async (_, request) => {
    for (const from of [{}, { origin: segue.url }, { origin: 'http://example.com' }]) {
      const { headers } = await send(request, from)
      expect(headers.vary, JSON.stringify(from)).toMatch(/(^|, )origin$/i)
      expect(listCorsHeaders(headers)).toEqual([])
    }
  })
})

describe('a page of another origin', () => {
  const refusedOrigins = [
    'http://localhost:5174',
    'http://127.0.0.1:5173',
    'https://localhost:5173',
    'http://LOCALHOST:5173',
    'http://localhost:5173.example.com',
    'http://chat.example.com',
    'null',
  ]

  test.each(refusedOrigins)('such as %s is refused, and is allowed nothing', async (from) => {
    for (const request of [...Object.values(requests), preflight('/graphql', from), preflight(filePath, from)]) {
      const { status, headers } = await send(request, { origin: from })
      expect(status, JSON.stringify(request)).toBe(403)
      expect(listCorsHeaders(headers)).toEqual([])
    }
  })

  const solution =
    'Start Segue with --allow-origin http://localhost:5174, or have the server of the page pass its requests on'

  test('is told the flag that allows it, in the body of the response and of the refused handshake', async () => {
    const from = 'http://localhost:5174'
    const refusal = { errors: [{ message: expect.stringContaining(solution), extensions: { code: 'FORBIDDEN' } }] }
    for (const request of [graphqlPost('{ __typename }'), preflight('/graphql', from)]) {
      const { headers, text } = await send(request, { origin: from })
      expect(headers['content-type']).toBe('application/json; charset=utf-8')
      expect(JSON.parse(text)).toEqual(refusal)
    }
    const handshake = await openWebSocket({ origin: from })
    expect(handshake).toMatchObject({ status: 403, headers: { 'content-type': 'application/json; charset=utf-8' } })
    expect(JSON.parse(handshake.text)).toEqual(refusal)
  })

  test('that cannot be allowed is told so', async () => {
    for (const from of ['null', 'file://', 'http://a b', '"', 'x'.repeat(5000)]) {
      const { text } = await send(graphqlPost('{ __typename }'), { origin: from })
      const { message } = JSON.parse(text).errors[0]
      expect(message).toMatch(/^The origin ".*" is not allowed\. Only origins with http or https can be allowed/)
      expect(message.length).toBeLessThan(500)
    }
  })

  test('is logged once, with the flag that allows it', async () => {
    await using other = await startTestSegue()
    for (const from of [origin, origin, otherOrigin, origin]) {
      await sendHttpRequest(other.url, graphqlPost('{ __typename }', { origin: from }))
      await openWebSocket({ origin: from }, other)
    }
    expect(other.warnings.map((line) => JSON.parse(line))).toMatchObject([
      { level: 40, origin, msg: expect.stringContaining(`--allow-origin ${origin}`) },
      { level: 40, origin: otherOrigin, msg: expect.stringContaining(`--allow-origin ${otherOrigin}`) },
    ])
  })

  test('fills neither the log nor the memory with origins', async () => {
    await using other = await startTestSegue()
    for (let i = 0; i < 150; i++) {
      await sendHttpRequest(other.url, graphqlPost('{ __typename }', { origin: `http://${i}.example.com` }))
    }
    expect(other.warnings).toHaveLength(101)
    expect(other.warnings.at(-1)).toContain('Further origins are refused without a log line.')
  })

  test('that sends no Origin is told to send one', async () => {
    const { status, text } = await send(
      { path: filePath },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    )
    expect([status, text]).toEqual([403, expect.stringContaining('with the attribute crossorigin')])
    expect(segue.warnings).toEqual([])
  })
})

/** The response to a handshake. The socket is closed. */
async function openWebSocket(headers: Record<string, string>, { url } = segue) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
  const upgraded = once(socket, 'upgrade').then(([response]: IncomingMessage[]) => ({ response, text: '' }))
  const refused = once(socket, 'unexpected-response').then(async ([, response]) => ({
    response,
    text: (await buffer(response)).toString(),
  }))
  socket.on('error', () => undefined)
  const { response, text } = await Promise.race([upgraded, refused])
  socket.terminate()
  return { status: response?.statusCode, headers: response?.headers, text }
}
