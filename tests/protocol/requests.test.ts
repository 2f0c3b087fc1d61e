import { readFileSync } from 'node:fs'
import { createClient } from 'graphql-sse'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { errorCodeDescriptions } from '../../src/lib/errors.ts'
import { stringifyJson } from '../../src/lib/text/json.ts'
import { ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { readGraphQLResponse, post, start, loadStream } from '../support/server/post.ts'
import { startSegueWithProvider, providerKey } from '../support/server/segue-with-provider.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { startSegueWithTools } from '../support/server/segue-with-tools.ts'
import { newTool } from '../support/fixtures/tools.ts'
import { newTempFolder, startTestSegue } from '../support/server/segue.ts'
import {
  followStreamQuery,
  nextDeltaEvent,
  readRemainingDeltaEvents,
  streamChatQuery,
  parseDeltaEvent,
} from '../support/fixtures/delta-events.ts'
import { waitUntil } from '../support/wait-until.ts'

const models = { models: [{ qualifiedName: 'offline/eliza' }] }
const get = (url: string, query: string, accept = 'application/json'): Promise<Response> =>
  fetch(`${url}/graphql?${new URLSearchParams({ query }).toString()}`, { headers: { accept } })

test('T1 a query can be sent by POST, by GET, as server-sent events and over WebSocket', async () => {
  await using segue = await startTestSegue()
  expect((await post(segue.url, '{ models { qualifiedName } }')).data).toEqual(models)
  expect((await readGraphQLResponse(await get(segue.url, '{ models { qualifiedName } }'))).data).toEqual(models)
  for (const method of ['GET', 'POST'] as const) {
    const stream = await EventStream.open(segue.url, { method, query: '{ models { qualifiedName } }' })
    expect((await stream.readToEnd()).map(({ event, data }) => [event, data])).toEqual([
      ['next', JSON.stringify({ data: models })],
      ['complete', ''],
    ])
  }
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', '{ models { qualifiedName } }')
  expect(await socket.next()).toEqual({ id: '1', type: 'next', payload: { data: models } })
  expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
  await socket.close()
})

test('T1 a mutation can be sent by POST, as server-sent events and over WebSocket', async () => {
  await using segue = await startTestSegue()
  const query = 'mutation { createSession(input: { title: "New" }) { title } }'
  const data = { createSession: { title: 'New' } }
  expect((await post(segue.url, query)).data).toEqual(data)
  const stream = await EventStream.open(segue.url, { query })
  expect((await stream.next())?.data).toBe(JSON.stringify({ data }))
  stream.destroy()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', query)
  expect((await socket.next()).payload).toEqual({ data })
  await socket.close()
})

test('T1 a subscription delivers the same events over every transport, and to graphql-sse', async () => {
  await using segue = await startTestSegue()
  const { id } = await start(segue.url, { text: 'Hello.' })
  // All follow at once: some time after the end, the deltas are coalesced.
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', followStreamQuery, { id })
  const readEventStream = async (method: 'GET' | 'POST') => {
    const stream = await EventStream.open(segue.url, { method, query: followStreamQuery, variables: { id } })
    return (await stream.readToEnd()).flatMap(({ event, data }) =>
      event === 'next' ? [parseDeltaEvent(JSON.parse(data))] : [],
    )
  }
  const client = createClient({ url: `${segue.url}/graphql`, retryAttempts: 0 })
  const [events, ...others] = await Promise.all([
    readRemainingDeltaEvents(socket, '1'),
    readEventStream('GET'),
    readEventStream('POST'),
    Array.fromAsync(client.iterate({ query: followStreamQuery, variables: { id } }), parseDeltaEvent),
  ])
  expect(events.at(-1)?.type).toBe('StreamFinished')
  for (const other of others) expect(other).toEqual(events)
  await socket.close()
  client.dispose()
})

test('T1 a subscription that does not accept server-sent events is refused with 406, and a message that says how to send it', async () => {
  await using segue = await startTestSegue()
  const query = 'subscription { followSession(sessionId: "x") { seq } }'
  for (const accept of ['application/json', 'multipart/mixed, application/json', '*/*']) {
    const { status, errors } = await post(segue.url, query, {}, { accept })
    expect(status).toBe(406)
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
    expect(errors[0]?.message).toContain('text/event-stream')
    // The server does not look for the session: it only validates the operation.
    const refused = await readGraphQLResponse(await get(segue.url, query, accept))
    expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([406, 'BAD_USER_INPUT'])
    expect(refused.errors[0]?.message).toContain('text/event-stream')
  }
})

/** What urql sends with every operation. */
const urqlAccept =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed'

test.each([
  [urqlAccept, 'application/graphql-response+json'],
  ['text/event-stream, application/json', 'application/json'],
  ['text/event-stream, */*;q=0.1', 'application/json'],
  [
    'application/json;q=0.2, text/event-stream, application/graphql-response+json;q=0.3',
    'application/graphql-response+json',
  ],
  ['application/json, text/event-stream;q=0', 'application/json'],
])('T1 with Accept: %s, a query and a mutation are answered with JSON', async (accept, type) => {
  await using segue = await startTestSegue()
  const contentType = `${type}; charset=utf-8`
  const queried = await post(segue.url, '{ __typename }', {}, { accept })
  expect([queried.status, queried.headers.get('content-type'), queried.data]).toEqual([
    200,
    contentType,
    { __typename: 'Query' },
  ])
  const got = await get(segue.url, '{ __typename }', accept)
  expect([got.status, got.headers.get('content-type')]).toEqual([200, contentType])
  const mutated = await post(
    segue.url,
    'mutation ($t: String) { createSession(input: { title: $t }) { title } }',
    { t: 'ß' },
    { accept },
  )
  expect([mutated.headers.get('content-type'), mutated.data]).toEqual([contentType, { createSession: { title: 'ß' } }])
  const invalid = await post(segue.url, '{', {}, { accept })
  expect([invalid.headers.get('content-type'), invalid.errors[0]?.extensions.code]).toEqual([
    contentType,
    'GRAPHQL_PARSE_FAILED',
  ])
})

test('T1 a subscription is answered with server-sent events whenever Accept names them', async () => {
  await using segue = await startTestSegue()
  const { id } = await start(segue.url, { text: 'Hello.' })
  for (const accept of [urqlAccept, 'application/json, text/event-stream;q=0.1']) {
    for (const method of ['GET', 'POST'] as const) {
      const sseRequest = { method, query: followStreamQuery, variables: { id }, headers: { accept } }
      const stream = await EventStream.open(segue.url, sseRequest)
      expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
      expect((await nextDeltaEvent(stream))?.type).toBe('StreamStarted')
      stream.destroy()
    }
  }
})

test('T1 a request that accepts no type of the server is refused with 406, and executes nothing', async () => {
  await using segue = await startTestSegue()
  for (const accept of ['multipart/mixed', 'application/json;q=0, text/event-stream;q=0']) {
    const { status, errors } = await post(segue.url, 'mutation { createSession(input: {}) { id } }', {}, { accept })
    expect([status, errors[0]?.extensions.code]).toEqual([406, 'BAD_USER_INPUT'])
  }
  expect((await post(segue.url, '{ sessions { edges { node { id } } } }')).data).toEqual({ sessions: { edges: [] } })
})

test('T5 integers in JSON keep their digits over every transport', async () => {
  const digits = '1234567890123456789'
  const tool = newTool({ isReadOnly: true, execute: async (input) => ({ ...input }) })
  await using segue = await startSegueWithTools([tool])
  await using client = new ChatClient(segue.url)
  const { id } = await client.start({ text: `/tool files__write {"id":${digits},"huge":1e400}` })
  await new EventReader(client.followStream(id, 0)).readToEnd()
  const query = `{ stream: node(id: "${id}") { ... on Stream { message { toolCalls { arguments result } } } } }`
  const call = `{"arguments":{"id":${digits},"huge":"1e400"},"result":{"id":${digits},"huge":"1e400"}}`
  const data = `{"data":{"stream":{"message":{"toolCalls":[${call}]}}}}`

  expect(await (await get(segue.url, query)).text()).toBe(data)
  const stream = await EventStream.open(segue.url, { query })
  expect((await stream.next())?.data).toBe(data)
  stream.destroy()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', query)
  expect(stringifyJson((await socket.next()).payload)).toBe(data)
  await socket.close()
})

test('T5 integers in JSON keep their digits in requests, too, in variables and in literals', async () => {
  const tool = newTool()
  await using segue = await startSegueWithTools([tool])
  await using client = new ChatClient(segue.url)
  const socket = await RawSocket.open(segue.url)
  const literal = (id: string, args: string) =>
    `mutation { answerApproval(id: "${id}", decision: ONCE, arguments: ${args}) { arguments } }`
  const query =
    'mutation ($id: ID!, $args: JSON) { answerApproval(id: $id, decision: ONCE, arguments: $args) { arguments } }'
  const ways: readonly ((id: string, digits: string) => Promise<unknown>)[] = [
    (id, digits) => post(segue.url, query, { id, args: { n: [JSON.rawJSON(digits)] } }),
    (id, digits) => post(segue.url, literal(id, `{n: [${digits}]}`)),
    async (id, digits) => {
      const variables = { id, args: { n: [JSON.rawJSON(digits)] } }
      const stream = await EventStream.open(segue.url, { query, variables })
      await stream.readToEnd()
    },
    async (id, digits) => {
      socket.subscribe(id, query, { id, args: { n: [JSON.rawJSON(digits)] } })
      expect(stringifyJson((await socket.next()).payload)).toContain(`"arguments":{"n":[${digits}]}`)
      await socket.next()
    },
  ]
  for (const [index, answer] of ways.entries()) {
    const { id } = await client.start({ text: '/tool files__write {"n":[1]}' })
    const reader = new EventReader(client.followStream(id, 0))
    const { approval } = await reader.readUntilType('ApprovalChanged')
    const digits = `123456789012345678${index}`
    await answer(approval.id, digits)
    await reader.readToEnd()
    expect(stringifyJson(tool.runs.at(-1))).toBe(`{"n":[${digits}]}`)
  }
  await socket.close()
})

test('T2 a GET of a mutation or of streamChat is refused with 405 and FORBIDDEN, and changes nothing', async () => {
  await using segue = await startTestSegue()
  const mutation = 'mutation { createSession(input: { title: "New" }) { id } }'
  const chat = 'subscription { streamChat(input: { text: "Hello." }) { seq } }'
  for (const accept of ['application/json', 'text/event-stream']) {
    const refused = await get(segue.url, mutation, accept)
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')).toBe('POST')
    expect((await readGraphQLResponse(refused)).errors[0]?.extensions.code).toBe('FORBIDDEN')
  }
  const refused = await readGraphQLResponse(await get(segue.url, chat, 'text/event-stream'))
  expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([405, 'FORBIDDEN'])
  const { data } = await post(segue.url, '{ sessions { edges { node { id } } } }')
  expect(data).toEqual({ sessions: { edges: [] } })
})

/** Headers of requests that do not come from this server's own pages. */
const foreignHeaders = [
  { host: 'rebound.example' },
  { origin: 'http://elsewhere.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
]

test('T3 requests with a foreign Host or Origin are refused with 403, over HTTP and at the handshake', async () => {
  await using segue = await startTestSegue()
  for (const headers of foreignHeaders) {
    const stream = await EventStream.open(segue.url, { query: '{ models { qualifiedName } }', headers })
    expect(stream.status, JSON.stringify(headers)).toBe(403)
    const { errors } = JSON.parse(await stream.body())
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    if (headers.origin === 'http://elsewhere.example') {
      expect(errors[0].message).toContain('--allow-origin http://elsewhere.example')
    }
    expect(await RawSocket.handshakeStatus(segue.url, headers), JSON.stringify(headers)).toBe(403)
  }
  const { host } = new URL(segue.url)
  for (const headers of [{ host: `localhost:${new URL(segue.url).port}` }, { origin: `http://${host}` }]) {
    const stream = await EventStream.open(segue.url, { query: '{ models { qualifiedName } }', headers })
    expect(stream.status, JSON.stringify(headers)).toBe(200)
    stream.destroy()
    const socket = await RawSocket.connect(segue.url, { headers })
    await socket.close()
  }
})

test('T6 pages of an allowed origin call the server with CORS, without credentials, and open WebSockets', async () => {
  const origin = 'http://localhost:5173'
  await using segue = await startTestSegue({ settings: { allowedOrigins: [origin] } })
  const preflightHeaders = { origin, 'access-control-request-method': 'POST' }
  const preflight = await fetch(`${segue.url}/graphql`, { method: 'OPTIONS', headers: preflightHeaders })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-headers')).toBe(
    'content-type, authorization, idempotency-key, last-event-id, traceparent, range, if-range, if-none-match',
  )
  const stream = await EventStream.open(segue.url, { query: '{ models { qualifiedName } }', headers: { origin } })
  expect([stream.status, stream.headers['access-control-allow-origin']]).toEqual([200, origin])
  expect(stream.headers).not.toHaveProperty('access-control-allow-credentials')
  stream.destroy()
  const socket = await RawSocket.connect(segue.url, { headers: { origin } })
  await socket.close()
})

test('T6 a proxy of the own server of a page needs no allowed origin', async () => {
  await using segue = await startTestSegue()
  const origin = 'http://localhost:5173'
  for (const headers of [
    { origin, host: 'localhost:5173' },
    { origin, 'sec-fetch-site': 'same-origin' },
  ]) {
    const stream = await EventStream.open(segue.url, { query: '{ models { qualifiedName } }', headers })
    expect(stream.status, JSON.stringify(headers)).toBe(200)
    stream.destroy()
  }
})

test('T7 the operations of a batch are executed in order, and each has its result, in its place', async () => {
  await using segue = await startTestSegue()
  const send = async (batch: readonly string[]) => {
    const response = await fetch(`${segue.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch.map((query) => ({ query }))),
    })
    return { status: response.status, body: await response.json() }
  }
  const list = '{ sessions { edges { node { title } } } }'
  const create = (title: string) => `mutation { createSession(input: { title: "${title}" }) { title } }`
  const follow = 'subscription { followStream(streamId: "str_0") { seq } }'
  const listed = (...titles: string[]) => ({
    data: { sessions: { edges: titles.map((title) => ({ node: { title } })) } },
  })
  const created = (title: string) => ({ data: { createSession: { title } } })
  const refused = { data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }
  const { status, body } = await send([list, create('a'), follow, list, create('b'), list])
  expect(status).toBe(200)
  expect(body).toMatchObject([listed(), created('a'), refused, listed('a'), created('b'), listed('b', 'a')])

  for (const batch of [[], Array.from({ length: 11 }, () => create('c'))]) {
    expect(await send(batch)).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
    })
  }
  expect((await send([list])).body).toEqual([listed('b', 'a')])
})

test('T8 an upload has a URL that messages of its profile can have, also after a restart', async () => {
  const home = newTempFolder()
  const segue = await startTestSegue({ settings: { home } })
  const response = await fetch(`${segue.url}/files?name=a.txt`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'Hello',
  })
  expect(response.status).toBe(201)
  const { url, ...rest } = z.looseObject({ url: z.string() }).parse(await response.json())
  expect(rest).toEqual({ mediaType: 'text/plain', name: 'a.txt', size: 5 })
  await segue[Symbol.asyncDispose]()
  await using restarted = await startTestSegue({ settings: { home } })
  expect(await (await fetch(restarted.url + url)).text()).toBe('Hello')
  const query =
    'mutation ($url: String!) { startChat(input: { text: "", files: [{ url: $url, mediaType: "" }] }) { id } }'
  expect(await post(restarted.url, query, { url })).toMatchObject({ status: 200, errors: [] })
})

test('T3 a POST with a content type that a form can send is refused with 415', async () => {
  await using segue = await startTestSegue()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    for (const accept of ['application/json', 'text/event-stream']) {
      const { status, errors } = await post(
        segue.url,
        '{ models { qualifiedName } }',
        {},
        { accept, 'content-type': type },
      )
      expect(status, `${type} ${accept}`).toBe(415)
      expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
    }
  }
})

test('T4 a response with server-sent events has next events with results, and one complete event', async () => {
  await using segue = await startTestSegue()
  const { id } = await start(segue.url, { text: 'Hello.' })
  const stream = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
  expect(stream.status).toBe(200)
  expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  expect(stream.headers['cache-control']).toContain('no-cache')
  const events = await stream.readToEnd()
  expect(events.length).toBeGreaterThan(3)
  expect(events.at(-1)).toEqual({ event: 'complete', id: null, data: '' })
  for (const { event, data } of events.slice(0, -1)) {
    expect(event).toBe('next')
    expect(parseDeltaEvent(JSON.parse(data)).seq).toBeGreaterThan(0)
  }
})

test.for([
  ['{', 'GRAPHQL_PARSE_FAILED'],
  ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
  ['query A { models { qualifiedName } } query B { models { qualifiedName } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['subscription { followStream(streamId: "str_0") { seq } }', 'NOT_FOUND'],
  ['subscription { followStream(streamId: "str_0", after: -1) { seq } }', 'BAD_USER_INPUT'],
] as const)(
  'T4 an operation that cannot be executed gets a result for a POST and status 400 for a GET: %s',
  async ([query, code]) => {
    await using segue = await startTestSegue()
    const stream = await EventStream.open(segue.url, { query })
    expect(stream.status).toBe(200)
    const [result, end] = await stream.readToEnd()
    expect(result?.event).toBe('next')
    expect(JSON.parse(result?.data ?? '')).toMatchObject({ data: null, errors: [{ extensions: { code } }] })
    expect(end?.event).toBe('complete')

    const refused = await get(segue.url, query, 'text/event-stream')
    expect(refused.status).toBe(400)
    expect((await readGraphQLResponse(refused)).errors[0]?.extensions.code).toBe(code)
  },
)

test('T4 variables that are not JSON are refused with 400', async () => {
  await using segue = await startTestSegue()
  for (const accept of ['application/json', 'text/event-stream']) {
    const params = new URLSearchParams({ query: '{ models { qualifiedName } }', variables: '{' }).toString()
    const refused = await fetch(`${segue.url}/graphql?${params}`, { headers: { accept } })
    expect(refused.status).toBe(400)
    expect((await readGraphQLResponse(refused)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
  }
})

const mutation = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }'

/** Invalid operations with the extensions of their errors. */
const invalidOperations: readonly (readonly [query: string, variables: Record<string, unknown>, extensions: object])[] =
  [
    ['{', {}, { code: 'GRAPHQL_PARSE_FAILED' }],
    ['{ nothing }', {}, { code: 'GRAPHQL_VALIDATION_FAILED' }],
    [
      'query ($a: Int!) { events(sessionId: "x", first: $a) { seq } }',
      { a: 'one' },
      { code: 'BAD_USER_INPUT', path: ['first'] },
    ],
    [mutation, { input: {} }, { code: 'BAD_USER_INPUT', path: ['input', 'text'] }],
    [mutation, { input: { text: ' ' } }, { code: 'BAD_USER_INPUT', path: ['input', 'text'] }],
    [mutation, { input: { text: 'x', key: '' } }, { code: 'BAD_USER_INPUT', path: ['input', 'key'] }],
    [mutation, { input: { text: 'x', model: 'no/such' } }, { code: 'BAD_USER_INPUT', path: ['input', 'model'] }],
    ['{ events(sessionId: "x", first: 0) { seq } }', {}, { code: 'BAD_USER_INPUT', path: ['first'] }],
    [mutation, { input: { text: 'x'.repeat(1_000_001) } }, { code: 'TOO_LARGE' }],
    [mutation, { input: { text: 'x', sessionId: 'ses_0' } }, { code: 'NOT_FOUND' }],
    ['mutation { cancelStream(streamId: "str_0") { outcome } }', {}, { code: 'NOT_FOUND' }],
    ['subscription { followStream(streamId: "str_0") { seq } }', {}, { code: 'NOT_FOUND' }],
    [
      'subscription { followSession(sessionId: "ses_0", after: -1) { seq } }',
      {},
      { code: 'BAD_USER_INPUT', path: ['after'] },
    ],
  ]

test('X1 every error has a code and the extensions of that code, over every transport', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  for (const [index, [query, variables, extensions]] of invalidOperations.entries()) {
    const stream = await EventStream.open(segue.url, { query, variables })
    const result = JSON.parse((await stream.next())?.data ?? '')
    expect(result.errors[0].extensions, query).toMatchObject(extensions)
    stream.destroy()

    socket.subscribe(`${index}`, query, variables)
    const { type, payload } = await socket.nextFor(`${index}`)
    const errors =
      type === 'error' ? payload : payload !== null && typeof payload === 'object' && Reflect.get(payload, 'errors')
    expect(errors, query).toMatchObject([{ extensions }])

    if (query.startsWith('subscription')) continue
    const { errors: postErrors } = await post(segue.url, query, variables)
    expect(postErrors[0]?.extensions, query).toMatchObject(extensions)
  }
  await socket.close()
  expect(segue.warnings).toEqual([])
})

test('X1 a request that is not a GraphQL request gets an error with a code', async () => {
  await using segue = await startTestSegue()
  const send = (init: RequestInit, query = ''): Promise<Response> => fetch(`${segue.url}/graphql${query}`, init)
  const json = { 'content-type': 'application/json' }
  for (const accept of ['application/json', 'text/event-stream']) {
    for (const [response, status, code] of [
      [send({ method: 'POST', headers: { ...json, accept }, body: '{' }), 400, 'BAD_USER_INPUT'],
      [send({ method: 'POST', headers: { ...json, accept }, body: '[]' }), 400, 'BAD_USER_INPUT'],
      [send({ method: 'POST', headers: { ...json, accept }, body: '{"query":1}' }), 400, 'BAD_USER_INPUT'],
      [send({ method: 'POST', headers: { accept }, body: 'query=x' }), 415, 'BAD_USER_INPUT'],
      [send({ headers: { accept } }, '?query={models{id}}&variables={'), 400, 'BAD_USER_INPUT'],
      [send({ headers: { accept } }, '?query=mutation{createSession(input:{}){id}}'), 405, 'FORBIDDEN'],
    ] as const) {
      const { status: actualStatus, errors } = await readGraphQLResponse(await response)
      expect([actualStatus, errors[0]?.extensions.code], await response.then(({ url }) => url)).toEqual([status, code])
      expect(errors[0]?.extensions).not.toHaveProperty('http')
      if (code === 'BAD_USER_INPUT') expect(errors[0]?.extensions['path']).toBeInstanceOf(Array)
    }
  }
  expect((await readGraphQLResponse(await fetch(`${segue.url}/nowhere`))).errors[0]?.extensions.code).toBe('NOT_FOUND')
})

test("X1 the codes are the values of the schema's ErrorCode", () => {
  const schema = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')
  const values = /enum ErrorCode \{(.*?)\n\}/s.exec(schema)?.[1]?.match(/^ {2}[A-Z_]+$/gm) ?? []
  expect(values.map((value) => value.trim())).toEqual(Object.keys(errorCodeDescriptions).toSorted())
})

test('X2 no error reveals a stack trace, a path of the machine or a secret', async () => {
  await using provided = await startSegueWithProvider()
  const { provider, segue } = provided
  const responses: string[] = []
  for (const [query, variables] of invalidOperations) {
    const stream = await EventStream.open(segue.url, { query, variables })
    responses.push((await stream.next())?.data ?? '')
    stream.destroy()
  }
  // An unexpected error in the server.
  const { id } = await start(segue.url, { text: 'Talk.' })
  await waitUntil(() => segue.defaultProfile.chats.activeStreamCount === 0)
  Object.assign(segue.defaultProfile.chats, {
    takeSnapshot: () => {
      throw new Error(`${segue.home}/segue.db is broken`)
    },
  })
  const broken = await post(segue.url, '{ stream(id: "str_0") { id } }')
  expect(broken.errors[0]?.extensions.code).toBe('INTERNAL')
  responses.push(JSON.stringify(broken.errors))
  const stream = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
  responses.push((await stream.next())?.data ?? '')
  stream.destroy()
  expect(segue.warnings.join()).toContain('segue.db is broken')
  Reflect.deleteProperty(segue.defaultProfile.chats, 'takeSnapshot')

  // A provider whose errors contain secrets and paths.
  for (const message of [`Incorrect API key provided: ${providerKey}.`, `Error at run (${import.meta.filename}:1:1)`]) {
    provider.enqueue([{ status: 401, body: { error: { message, type: 'x', param: null, code: 'invalid_api_key' } } }])
    const failed = await start(segue.url, { text: 'Talk.' })
    const query =
      'subscription ($id: ID!) { followStream(streamId: $id) { ... on StreamFinished { stream { status error { code message } } } } }'
    const end = await EventStream.open(segue.url, { query, variables: { id: failed.id } })
    responses.push(...(await end.readToEnd()).map(({ data }) => data))
    expect((await loadStream(segue.url, failed.id)).status).toBe('FAILED')
  }
  expect(responses.length).toBeGreaterThan(invalidOperations.length + 4)
  for (const text of responses) {
    expect(text).not.toContain(providerKey)
    expect(text).not.toContain(segue.home)
    expect(text).not.toMatch(/node_modules|\.[mc]?[jt]s:\d+|\bat .+:\d+:\d+/)
  }
})

test('X3 while the server is stopping, starting a stream is SHUTTING_DOWN, and reading continues', async () => {
  await using segue = await startTestSegue()
  const { id, sessionId } = await start(segue.url, { text: 'Talk.', key: 'mine' })
  await waitUntil(() => segue.defaultProfile.chats.activeStreamCount === 0)
  await segue.defaultProfile.chats.close()
  const input = { text: 'More.', sessionId }
  expect((await post(segue.url, mutation, { input })).errors[0]?.extensions.code).toBe('SHUTTING_DOWN')
  const stream = await EventStream.open(segue.url, { query: streamChatQuery, variables: { input } })
  expect(JSON.parse((await stream.next())?.data ?? '').errors[0].extensions.code).toBe('SHUTTING_DOWN')
  stream.destroy()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', streamChatQuery, { input })
  expect(JSON.stringify((await socket.nextFor('1')).payload)).toContain('SHUTTING_DOWN')
  socket.subscribe('2', followStreamQuery, { id })
  expect((await socket.nextFor('2')).type).toBe('next')
  expect((await loadStream(segue.url, id)).status).toBe('COMPLETED')
  await socket.close()
})

test('X4 null in an argument or an input field is the same as leaving out, and an empty text takes a title away', async () => {
  await using segue = await startTestSegue()
  const query = `mutation ($id: ID!, $input: UpdateSessionInput!) {
    updateSession(id: $id, input: $input) { id title model pinned } }`
  const created = await post(
    segue.url,
    'mutation { updateSession: createSession(input: { title: "Kept", model: "offline/eliza" }) { id title model pinned } }',
  )
  const { id } = z.object({ updateSession: z.object({ id: z.string() }) }).parse(created.data).updateSession
  const unset = await post(segue.url, query, { id, input: { title: null, model: null, pinned: null } })
  expect(unset.data).toEqual(created.data)
  const emptied = await post(segue.url, query, { id, input: { title: '', model: '' } })
  expect(emptied.data).toEqual({ updateSession: { id, title: null, model: null, pinned: false } })
})

test('X5 an id that names nothing is null in a query, and NOT_FOUND in a mutation and in events', async () => {
  await using segue = await startTestSegue()
  const lookUps = ['session', 'conversation', 'message', 'stream', 'job', 'node']
  const fields = lookUps.map((field) => `${field}(id: "nothing") { id }`).join(' ')
  const found = await post(segue.url, `{ ${fields} }`)
  expect(found).toMatchObject({ data: Object.fromEntries(lookUps.map((field) => [field, null])), errors: [] })
  for (const query of [
    '{ it: events(sessionId: "nothing") { seq } }',
    'mutation { it: deleteSession(id: "nothing") }',
    'mutation { it: forkSession(messageId: "nothing") { id } }',
  ])
    expect(await post(segue.url, query)).toMatchObject({
      data: { it: null },
      errors: [{ path: ['it'], extensions: { code: 'NOT_FOUND' } }],
    })
})

test('X6 a field of a mutation that fails is null, and the others are executed', async () => {
  await using segue = await startTestSegue()
  const result = await post(
    segue.url,
    `mutation {
      first: createSession(input: { title: "First" }) { title }
      failing: deleteSession(id: "nothing")
      last: createSession(input: { title: "Last" }) { title }
    }`,
  )
  expect(result).toMatchObject({
    data: { first: { title: 'First' }, failing: null, last: { title: 'Last' } },
    errors: [{ path: ['failing'], extensions: { code: 'NOT_FOUND' } }],
  })
})
