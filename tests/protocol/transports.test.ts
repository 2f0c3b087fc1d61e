import { createClient } from 'graphql-sse'
import { expect, test } from 'vitest'
import { EventStream } from '../support/event-stream.ts'
import { answeredBy, post, start } from '../support/post.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { newSegue } from '../support/segue.ts'
import { followStreamQuery, nextTold, restOf, toldBy } from '../support/told.ts'

const models = { models: [{ id: 'offline/eliza' }] }
const get = (url: string, query: string, accept = 'application/json'): Promise<Response> =>
  fetch(`${url}/graphql?${new URLSearchParams({ query }).toString()}`, { headers: { accept } })

test('T1 queries go by POST and GET, by event stream, and over WebSocket', async () => {
  await using segue = await newSegue()
  expect((await post(segue.url, '{ models { id } }')).data).toEqual(models)
  expect((await answeredBy(await get(segue.url, '{ models { id } }'))).data).toEqual(models)
  for (const method of ['GET', 'POST'] as const) {
    const stream = await EventStream.open(segue.url, { method, query: '{ models { id } }' })
    expect((await stream.rest()).map(({ event, data }) => [event, data])).toEqual([
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
  await using segue = await newSegue()
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
  await using segue = await newSegue()
  const { id } = await start(segue.url, { text: 'Hello.' })
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', followStreamQuery, { id })
  const told = await restOf(socket, '1')
  expect(told.at(-1)?.type).toBe('StreamFinished')
  await socket.close()

  for (const method of ['GET', 'POST'] as const) {
    const stream = await EventStream.open(segue.url, { method, query: followStreamQuery, variables: { id } })
    for (const event of told) expect(await nextTold(stream)).toEqual(event)
    expect(await nextTold(stream)).toBeNull()
  }
  const client = createClient({ url: `${segue.url}/graphql`, retryAttempts: 0 })
  const results = await Array.fromAsync(client.iterate({ query: followStreamQuery, variables: { id } }))
  expect(results.map(toldBy)).toEqual(told)
  client.dispose()
})

test('T1 a subscription that asks for anything else than an event stream is told how to ask', async () => {
  await using segue = await newSegue()
  const query = 'subscription { followSession(sessionId: "x") { seq } }'
  for (const accept of ['application/json', 'multipart/mixed, application/json', '*/*']) {
    const { status, errors } = await post(segue.url, query, {}, { accept })
    expect(status).toBe(406)
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
    expect(errors[0]?.message).toContain('text/event-stream')
  }
})

test('T2 a GET refuses mutations with 405 and what begins an answer with FORBIDDEN, and changes nothing', async () => {
  await using segue = await newSegue()
  const mutation = 'mutation { createSession(input: { title: "New" }) { id } }'
  const chat = 'subscription { streamChat(input: { text: "Hello." }) { seq } }'
  for (const accept of ['application/json', 'text/event-stream']) {
    const refused = await get(segue.url, mutation, accept)
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')).toBe('POST')
    expect((await answeredBy(refused)).errors[0]?.extensions.code).toBe('FORBIDDEN')
  }
  const refused = await answeredBy(await get(segue.url, chat, 'text/event-stream'))
  expect(refused.errors[0]?.extensions.code).toBe('FORBIDDEN')
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
  await using segue = await newSegue()
  for (const headers of strangers) {
    const stream = await EventStream.open(segue.url, { query: '{ models { id } }', headers })
    expect(stream.status, JSON.stringify(headers)).toBe(403)
    expect(JSON.parse(await stream.body())).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    expect(await RawSocket.refusal(segue.url, headers), JSON.stringify(headers)).toBe(403)
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
  await using segue = await newSegue()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    for (const accept of ['application/json', 'text/event-stream']) {
      const { status, errors } = await post(segue.url, '{ models { id } }', {}, { accept, 'content-type': type })
      expect(status, `${type} ${accept}`).toBe(415)
      expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
    }
  }
})

test('T4 an event stream is of events named next, whose data is a result, and one named complete', async () => {
  await using segue = await newSegue()
  const { id } = await start(segue.url, { text: 'Hello.' })
  const stream = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
  expect(stream.status).toBe(200)
  expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  expect(stream.headers['cache-control']).toContain('no-cache')
  const events = await stream.rest()
  expect(events.length).toBeGreaterThan(3)
  expect(events.at(-1)).toEqual({ event: 'complete', id: null, data: '' })
  for (const { event, data } of events.slice(0, -1)) {
    expect(event).toBe('next')
    expect(toldBy(JSON.parse(data)).seq).toBeGreaterThan(0)
  }
})

test.for([
  ['{', 'GRAPHQL_PARSE_FAILED'],
  ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
  ['query A { models { id } } query B { models { id } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['subscription { followStream(streamId: "str_0") { seq } }', 'NOT_FOUND'],
  ['subscription { followStream(streamId: "str_0", after: -1) { seq } }', 'BAD_USER_INPUT'],
] as const)('T4 what cannot be executed is a result for a POST and 400 for a GET: %s', async ([query, code]) => {
  await using segue = await newSegue()
  const stream = await EventStream.open(segue.url, { query })
  expect(stream.status).toBe(200)
  const [result, end] = await stream.rest()
  expect(result?.event).toBe('next')
  expect(JSON.parse(result?.data ?? '')).toMatchObject({ errors: [{ extensions: { code } }] })
  expect(end?.event).toBe('complete')

  const refused = await get(segue.url, query, 'text/event-stream')
  expect(refused.status).toBe(400)
  expect((await answeredBy(refused)).errors[0]?.extensions.code).toBe(code)
})

test('T4 variables that are no JSON are no request', async () => {
  await using segue = await newSegue()
  for (const accept of ['application/json', 'text/event-stream']) {
    const asked = new URLSearchParams({ query: '{ models { id } }', variables: '{' }).toString()
    const refused = await fetch(`${segue.url}/graphql?${asked}`, { headers: { accept } })
    expect(refused.status).toBe(400)
    expect((await answeredBy(refused)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
  }
})
