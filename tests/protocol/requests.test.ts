import { readFileSync } from 'node:fs'
import { createClient } from 'graphql-sse'
import { expect, test } from 'vitest'
import { errorCodeDescriptions } from '../../src/lib/errors.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { readGraphQLResponse, post, start, loadStream } from '../support/server/post.ts'
import { startSegueWithProvider, providerKey } from '../support/server/segue-with-provider.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { startTestSegue } from '../support/server/segue.ts'
import {
  followStreamQuery,
  nextDeltaEvent,
  readRemainingDeltaEvents,
  streamChatQuery,
  parseDeltaEvent,
} from '../support/fixtures/delta-events.ts'
import { waitUntil } from '../support/wait-until.ts'

const models = { models: [{ id: 'offline/eliza' }] }
const get = (url: string, query: string, accept = 'application/json'): Promise<Response> =>
  fetch(`${url}/graphql?${new URLSearchParams({ query }).toString()}`, { headers: { accept } })

test('T1 queries go by POST and GET, by event stream, and over WebSocket', async () => {
  await using segue = await startTestSegue()
  expect((await post(segue.url, '{ models { id } }')).data).toEqual(models)
  expect((await readGraphQLResponse(await get(segue.url, '{ models { id } }'))).data).toEqual(models)
  for (const method of ['GET', 'POST'] as const) {
    const stream = await EventStream.open(segue.url, { method, query: '{ models { id } }' })
    expect((await stream.readToEnd()).map(({ event, data }) => [event, data])).toEqual([
      ['next', JSON.stringify({ data: models })],
      ['complete', ''],
    ])
  }
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', '{ models { id } }')
  expect(await socket.next()).toEqual({ id: '1', type: 'next', payload: { data: models } })
  expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
  await socket.close()
})

test('T1 mutations go by POST, by event stream, and over WebSocket', async () => {
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

test('T1 the same subscription is told the same by every transport, by graphql-sse too', async () => {
  await using segue = await startTestSegue()
  const { id } = await start(segue.url, { text: 'Hello.' })
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', followStreamQuery, { id })
  const told = await readRemainingDeltaEvents(socket, '1')
  expect(told.at(-1)?.type).toBe('StreamFinished')
  await socket.close()

  for (const method of ['GET', 'POST'] as const) {
    const stream = await EventStream.open(segue.url, { method, query: followStreamQuery, variables: { id } })
    for (const event of told) expect(await nextDeltaEvent(stream)).toEqual(event)
    expect(await nextDeltaEvent(stream)).toBeNull()
  }
  const client = createClient({ url: `${segue.url}/graphql`, retryAttempts: 0 })
  const results = await Array.fromAsync(client.iterate({ query: followStreamQuery, variables: { id } }))
  expect(results.map(parseDeltaEvent)).toEqual(told)
  client.dispose()
})

test('T1 a subscription that asks for anything else than an event stream is told how to ask', async () => {
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

test('T2 a GET refuses mutations with 405 and what begins an answer with FORBIDDEN, and changes nothing', async () => {
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

const strangers = [
  { host: 'rebound.example' },
  { origin: 'http://elsewhere.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
]

test('T3 strangers are refused with 403, by HTTP and at the handshake', async () => {
  await using segue = await startTestSegue()
  for (const headers of strangers) {
    const stream = await EventStream.open(segue.url, { query: '{ models { id } }', headers })
    expect(stream.status, JSON.stringify(headers)).toBe(403)
    expect(JSON.parse(await stream.body())).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    expect(await RawSocket.handshakeStatus(segue.url, headers), JSON.stringify(headers)).toBe(403)
  }
  const { host } = new URL(segue.url)
  for (const headers of [{ host: `localhost:${new URL(segue.url).port}` }, { origin: `http://${host}` }]) {
    const stream = await EventStream.open(segue.url, { query: '{ models { id } }', headers })
    expect(stream.status, JSON.stringify(headers)).toBe(200)
    stream.destroy()
    const socket = await RawSocket.connect(segue.url, { headers })
    await socket.close()
  }
})

test('T3 content types that a form can send are refused with 415', async () => {
  await using segue = await startTestSegue()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    for (const accept of ['application/json', 'text/event-stream']) {
      const { status, errors } = await post(segue.url, '{ models { id } }', {}, { accept, 'content-type': type })
      expect(status, `${type} ${accept}`).toBe(415)
      expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
    }
  }
})

test('T4 an event stream is of events named next, whose data is a result, and one named complete', async () => {
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
  ['query A { models { id } } query B { models { id } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['subscription { followStream(streamId: "str_0") { seq } }', 'NOT_FOUND'],
  ['subscription { followStream(streamId: "str_0", after: -1) { seq } }', 'BAD_USER_INPUT'],
] as const)('T4 what cannot be executed is a result for a POST and 400 for a GET: %s', async ([query, code]) => {
  await using segue = await startTestSegue()
  const stream = await EventStream.open(segue.url, { query })
  expect(stream.status).toBe(200)
  const [result, end] = await stream.readToEnd()
  expect(result?.event).toBe('next')
  expect(JSON.parse(result?.data ?? '')).toMatchObject({ errors: [{ extensions: { code } }] })
  expect(end?.event).toBe('complete')

  const refused = await get(segue.url, query, 'text/event-stream')
  expect(refused.status).toBe(400)
  expect((await readGraphQLResponse(refused)).errors[0]?.extensions.code).toBe(code)
})

test('T4 variables that are no JSON are no request', async () => {
  await using segue = await startTestSegue()
  for (const accept of ['application/json', 'text/event-stream']) {
    const asked = new URLSearchParams({ query: '{ models { id } }', variables: '{' }).toString()
    const refused = await fetch(`${segue.url}/graphql?${asked}`, { headers: { accept } })
    expect(refused.status).toBe(400)
    expect((await readGraphQLResponse(refused)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
  }
})

const mutation = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }'

/** Requests that cannot be done, each with its code and what belongs to it. */
const wrong: readonly (readonly [query: string, variables: Record<string, unknown>, extensions: object])[] = [
  ['{', {}, { code: 'GRAPHQL_PARSE_FAILED' }],
  ['{ nothing }', {}, { code: 'GRAPHQL_VALIDATION_FAILED' }],
  [
    'query ($a: Int!) { events(sessionId: "x", first: $a) { seq } }',
    { a: 'one' },
    { code: 'BAD_USER_INPUT', path: ['a'] },
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

test('X1 every error has a code of the contract, and what belongs to it, by every transport', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  for (const [index, [query, variables, extensions]] of wrong.entries()) {
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
    const { errors: answered } = await post(segue.url, query, variables)
    expect(answered[0]?.extensions, query).toMatchObject(extensions)
  }
  await socket.close()
  expect(segue.warnings).toEqual([])
})

test('X1 what is no request of GraphQL at all has a code, too', async () => {
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
      const answer = await readGraphQLResponse(await response)
      expect([answer.status, answer.errors[0]?.extensions.code], await response.then(({ url }) => url)).toEqual([
        status,
        code,
      ])
      expect(answer.errors[0]?.extensions).not.toHaveProperty('http')
      if (code === 'BAD_USER_INPUT') expect(answer.errors[0]?.extensions['path']).toBeInstanceOf(Array)
    }
  }
  expect((await readGraphQLResponse(await fetch(`${segue.url}/nowhere`))).errors[0]?.extensions.code).toBe('NOT_FOUND')
})

test("X1 the codes are the values of the schema's ErrorCode", () => {
  const schema = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')
  const values = /enum ErrorCode \{(.*?)\n\}/s.exec(schema)?.[1]?.match(/^ {2}[A-Z_]+$/gm) ?? []
  expect(values.map((value) => value.trim())).toEqual(Object.keys(errorCodeDescriptions).toSorted())
})

test('X2 no error tells a stack, a path of the machine or a secret', async () => {
  await using provided = await startSegueWithProvider()
  const { provider, segue } = provided
  const told: string[] = []
  for (const [query, variables] of wrong) {
    const stream = await EventStream.open(segue.url, { query, variables })
    told.push((await stream.next())?.data ?? '')
    stream.destroy()
  }
  // A fault of the server's own: its storage breaks.
  const { id } = await start(segue.url, { text: 'Talk.' })
  await waitUntil(() => segue.defaultProfile.chats.activeStreamCount === 0)
  Object.assign(segue.defaultProfile.chats, {
    findStreams: async () => {
      throw new Error(`${segue.home}/segue.db is broken`)
    },
  })
  const broken = await post(segue.url, '{ stream(id: "str_0") { id } }')
  expect(broken.errors[0]?.extensions.code).toBe('INTERNAL')
  told.push(JSON.stringify(broken.errors))
  const stream = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
  told.push((await stream.next())?.data ?? '')
  stream.destroy()
  expect(segue.warnings.join()).toContain('segue.db is broken')
  Reflect.deleteProperty(segue.defaultProfile.chats, 'findStreams')

  // A provider that says too much.
  for (const message of [`Incorrect API key provided: ${providerKey}.`, `Error at run (${import.meta.filename}:1:1)`]) {
    provider.enqueue([{ status: 401, body: { error: { message, type: 'x', param: null, code: 'invalid_api_key' } } }])
    const failed = await start(segue.url, { text: 'Talk.' })
    const query =
      'subscription ($id: ID!) { followStream(streamId: $id) { ... on StreamFinished { stream { status error { code message } } } } }'
    const end = await EventStream.open(segue.url, { query, variables: { id: failed.id } })
    told.push(...(await end.readToEnd()).map(({ data }) => data))
    expect((await loadStream(segue.url, failed.id)).status).toBe('FAILED')
  }
  expect(told.length).toBeGreaterThan(wrong.length + 4)
  for (const text of told) {
    expect(text).not.toContain(providerKey)
    expect(text).not.toContain(segue.home)
    expect(text).not.toMatch(/node_modules|\.[mc]?[jt]s:\d+|\bat .+:\d+:\d+/)
  }
})

test('X3 while the server stops what would begin an answer is SHUTTING_DOWN, and reading goes on', async () => {
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
