import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { sendHttpRequest, graphqlPost } from '../../support/server/http-exchange.ts'
import { waitLimitMs } from '../../support/vitest-limits.ts'

let segue: TestSegue

beforeAll(async () => {
  segue = await startTestSegue()
})

afterEach(() => {
  vi.restoreAllMocks()
})

afterAll(() => segue[Symbol.asyncDispose]())

const jsonType = 'application/json; charset=utf-8'

describe('a request', () => {
  test('of /health returns the status of the server', async () => {
    const { status, headers, text } = await sendHttpRequest(segue.url, { path: '/health' })
    expect([status, headers['content-type'], text]).toEqual([200, jsonType, '{"status":"ok"}'])
    expect(await sendHttpRequest(segue.url, { path: '/health?at=1' })).toMatchObject({ status: 200 })
  })

  test('that offers another protocol, as the first one of Java does, is answered over HTTP/1.1', async () => {
    const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' }
    const response = await sendHttpRequest(segue.url, graphqlPost('{ __typename }', offer))
    expect([response.status, response.text]).toEqual([200, '{"data":{"__typename":"Query"}}'])
  })

  test('of / redirects to the playground', async () => {
    const { status, headers } = await sendHttpRequest(segue.url, { path: '/' })
    expect([status, headers.location]).toEqual([302, '/graphql'])
  })

  test('of any other path is answered with 404 and the path of the API', async () => {
    for (const path of [
      '/graphql/',
      '/graphql/health',
      '/x/health',
      '/health/',
      '/files',
      '//',
      '/%67raphql',
      '/favicon.ico',
    ]) {
      const { status, headers, text } = await sendHttpRequest(segue.url, { path })
      expect([status, headers['content-type']], path).toEqual([404, jsonType])
      expect(JSON.parse(text).errors[0].message).toContain('/graphql')
    }
  })

  test('that is malformed does not affect the server', async () => {
    const port = Number(new URL(segue.url).port)
    for (const text of [
      '\r\n\r\n',
      'GET\r\n\r\n',
      '\x16\x03\x01',
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
    ]) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.end(text)
      socket.resume()
      await once(socket, 'close', { signal: AbortSignal.timeout(waitLimitMs) })
    }
    const resetting = connect(port, '127.0.0.1')
    const body = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"query"'
    resetting.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\n${body}`, () => resetting.resetAndDestroy())
    await once(resetting, 'close')
    expect(await sendHttpRequest(segue.url, { path: '/health' })).toMatchObject({ status: 200 })
  })
})

/** Sends an operation over HTTP. */
async function sendOverHttp(body: object): Promise<{ status: number; errors: unknown; data: unknown }> {
  const { status, text } = await sendHttpRequest(segue.url, { ...graphqlPost(''), body: JSON.stringify(body) })
  const { errors, data } = JSON.parse(text)
  return { status, errors, data }
}

/** Sends an operation over WebSocket. Returns all messages for it. */
async function sendOverWebSocket(payload: object): Promise<unknown[]> {
  const socket = new WebSocket(`${segue.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  const messages: { type: string }[] = []
  socket.on('message', (data) => messages.push(JSON.parse(String(data))))
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }))
  while (!messages.some(({ type }) => type === 'error' || type === 'complete')) {
    await once(socket, 'message', { signal: AbortSignal.timeout(waitLimitMs) })
  }
  socket.terminate()
  return messages
}

describe('an empty operationName', () => {
  test.each(['{ __typename }', 'query Named { __typename }'])('counts as none for %s', async (query) => {
    const operation = { query, operationName: '' }
    const data = { __typename: 'Query' }
    expect(await sendOverHttp(operation)).toMatchObject({ status: 200, data })
    expect(await sendOverWebSocket(operation)).toMatchObject([
      { type: 'next', payload: { data } },
      { type: 'complete' },
    ])
    const headers = { ...graphqlPost('').headers, accept: 'text/event-stream' }
    const events = await sendHttpRequest(segue.url, { ...graphqlPost(''), headers, body: JSON.stringify(operation) })
    expect(events.text).toContain(JSON.stringify({ data }))
    for (const accept of ['application/json', 'text/event-stream']) {
      const path = `/graphql?${new URLSearchParams({ query, operationName: '' })}`
      const { status, text } = await sendHttpRequest(segue.url, { path, headers: { accept } })
      expect([status, text]).toEqual([200, expect.stringContaining(JSON.stringify({ data }))])
    }
  })

  test('does not select one of several operations', async () => {
    const { errors } = await sendOverHttp({ query: 'query A { __typename } query B { __typename }', operationName: '' })
    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
  })
})

describe('an error', () => {
  const cases: [object, object][] = [
    [{ query: '{' }, { extensions: { code: 'GRAPHQL_PARSE_FAILED' } }],
    [{ query: '{ nothing }' }, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    [{ query: '{ sessions }' }, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    [
      { query: 'query ($id: ID!) { session(id: $id) { id } }' },
      { extensions: { code: 'BAD_USER_INPUT', path: ['id'] } },
    ],
    [
      {
        query: 'query ($f: SessionFilter) { sessions(filter: $f) { edges { cursor } } }',
        variables: { f: { channels: ['NOWHERE'] } },
      },
      { extensions: { code: 'BAD_USER_INPUT', path: expect.arrayContaining(['filter', 'channels']) } },
    ],
    [{ query: '{ events(sessionId: "none") { seq } }' }, { path: ['events'], extensions: { code: 'NOT_FOUND' } }],
    [
      { query: '{ sessions(first: 0) { edges { cursor } } }' },
      { path: ['sessions'], extensions: { code: 'BAD_USER_INPUT', path: ['first'] } },
    ],
  ]

  test.each(cases)('of %j has a code, over HTTP and over WebSocket', async (operation, error) => {
    const { errors } = await sendOverHttp(operation)
    expect(errors).toMatchObject([error])
    const [message] = await sendOverWebSocket(operation)
    expect(message).toMatchObject({ id: '1', payload: expect.anything() })
    expect(JSON.stringify(message)).toContain(JSON.stringify(errors))
  })

  test.each([
    ['without a query', '{}'],
    ['that is not an object', '[]'],
    ['that is not JSON', '{"query"'],
    ['that is empty', ''],
    ['with invalid variables', '{"query":"{__typename}","variables":7}'],
    ['with an unknown operationName', '{"query":"query A { __typename }","operationName":"B"}'],
  ])('of a body %s has a code', async (_, body) => {
    const { status, text } = await sendHttpRequest(segue.url, { ...graphqlPost(''), body })
    expect(status).toBeLessThan(500)
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: expect.stringMatching(/^[A-Z_]+$/) } }] })
  })

  test('that is unexpected is logged once, and reaches the client without its text', async () => {
    const secret = 'SELECT secret FROM /home/somebody'
    vi.spyOn(segue.defaultProfile.sessions, 'listPage').mockRejectedValue(new Error(secret))
    vi.spyOn(segue.defaultProfile.chats, 'start').mockRejectedValue(new TypeError(secret))
    const list = { query: '{ sessions { edges { cursor } } }' }
    const chat = { query: 'subscription { streamChat(input: { text: "hello" }) { seq } }' }
    const internal = [{ extensions: { code: 'INTERNAL' } }]
    segue.warnings.length = 0
    expect(await sendOverHttp(list)).toMatchObject({ errors: internal })
    expect(segue.warnings).toHaveLength(1)
    for (const operation of [list, chat]) {
      segue.warnings.length = 0
      const text = JSON.stringify(await sendOverWebSocket(operation))
      expect(text).toContain('"INTERNAL"')
      expect(text).not.toContain('secret')
      expect(segue.warnings.join('')).toContain(secret)
      expect(segue.warnings).toHaveLength(1)
    }
    const request = graphqlPost(chat.query, { accept: 'text/event-stream' })
    const { text } = await sendHttpRequest(segue.url, request)
    expect(text).toContain('"INTERNAL"')
    expect(text).not.toContain('secret')
  })
})

describe('the size limit', () => {
  const createChatBody = (text: string): string =>
    JSON.stringify({
      query: 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }',
      variables: { input: { text } },
    })

  async function countSessions(): Promise<number> {
    const { text } = await sendHttpRequest(segue.url, graphqlPost('{ sessions(first: 1000) { edges { cursor } } }'))
    return JSON.parse(text).data.sessions.edges.length
  }

  test('admits the longest message, even if every character is escaped', async () => {
    const before = await countSessions()
    const escaped = createChatBody('ä'.repeat(1_000_000)).replaceAll('ä', String.raw`\u00e4`)
    const { status, text } = await sendHttpRequest(segue.url, { ...graphqlPost(''), body: escaped })
    expect([status, text]).toEqual([200, expect.stringContaining('"str_')])
    expect(await countSessions()).toBe(before + 1)
  })

  test('refuses a longer message', async () => {
    const { errors } = await sendOverHttp(JSON.parse(createChatBody('x'.repeat(1_000_001))))
    expect(errors).toMatchObject([{ extensions: { code: 'TOO_LARGE' } }])
  })

  test('refuses a body that is too large, with or without a content length', async () => {
    const before = await countSessions()
    const body = Buffer.from(createChatBody('x'.repeat(30_000_000)))
    for (const headers of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
      const { status, text } = await sendHttpRequest(segue.url, { ...graphqlPost('', headers), body })
      expect(status).toBe(413)
      expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'TOO_LARGE' } }] })
    }
    expect(await countSessions()).toBe(before)
  })

  test('closes a WebSocket with a message that is too large', async () => {
    const before = await countSessions()
    const socket = new WebSocket(`${segue.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    socket.on('error', () => undefined)
    socket.send(`{"type":"subscribe","id":"1","payload":${createChatBody('x'.repeat(17 * 1024 * 1024))}}`)
    const [code] = await once(socket, 'close', { signal: AbortSignal.timeout(waitLimitMs) })
    expect(code).toBe(1009)
    expect(await countSessions()).toBe(before)
  })
})
