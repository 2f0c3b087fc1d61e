import { expect, test } from 'vitest'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { startTestSegue } from '../../support/server/segue.ts'

// The cases of the protocol document of graphql-transport-ws. Those that end the connection are here and in sockets.test.ts.

const query = '{ __typename }'
const result = { type: 'next', payload: { data: { __typename: 'Query' } } }
const changes = 'subscription { conversationsChanged { kind } }'

test.each([
  ['JSON that is cut off', '{"type":'],
  ['an empty text', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['a text in JSON', '"subscribe"'],
  ['a message without a type', {}],
  ['a type that is no text', { type: 1 }],
  ['a type of the older protocol subscriptions-transport-ws', { type: 'start', id: '1', payload: { query } }],
  ['a name of an object prototype as its type', { type: '__proto__' }],
  ['a subscribe message without an id', { type: 'subscribe', payload: { query } }],
  ['a subscribe message with an empty id', { type: 'subscribe', id: '', payload: { query } }],
  ['a subscribe message with a number as its id', { type: 'subscribe', id: 1, payload: { query } }],
  ['a subscribe message without a payload', { type: 'subscribe', id: '1' }],
  ['an operation name that is no text', { type: 'subscribe', id: '1', payload: { query, operationName: 1 } }],
  ['extensions that are no object', { type: 'subscribe', id: '1', payload: { query, extensions: 'x' } }],
  ['a complete message without an id', { type: 'complete' }],
  ['a ping whose payload is no object', { type: 'ping', payload: 'x' }],
  ['a pong whose payload is no object', { type: 'pong', payload: 1 }],
])('C1 4400 is the close code for %s', async (_, message) => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  socket.send(message)
  expect((await socket.closed).code).toBe(4400)
  expect(segue.warnings).toEqual([])
})

test('C1 4400 is the close code for a connection_init whose payload is no object', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.connect(segue.url)
  socket.send({ type: 'connection_init', payload: 'x' })
  expect((await socket.closed).code).toBe(4400)
})

test.each(['graphql-ws', 'GRAPHQL-TRANSPORT-WS', 'graphql-transport-ws2'])(
  'C1 4406 is the close code for the subprotocol %s',
  async (protocol) => {
    await using segue = await startTestSegue()
    // As a header, because the client would not wait for the reason.
    const socket = await RawSocket.connect(segue.url, {
      protocol: null,
      headers: { 'sec-websocket-protocol': protocol },
    })
    expect((await socket.closed).code).toBe(4406)
  },
)

test('C1 4401 is the close code for an operation that follows connection_init without waiting for a rejected one', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.connect(segue.url)
  socket.send({ type: 'subscribe', id: '1', payload: { query } })
  socket.send({ type: 'connection_init' })
  expect((await socket.closed).code).toBe(4401)
  expect(socket.takeBuffered()).toBeNull()
})

test('C1 4409 is the close code for the id of a subscription that has not ended', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', changes)
  socket.subscribe('1', query)
  expect(await socket.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' })
})

test('C2 a ping is answered with a pong, before and after the connection is acknowledged, and a pong with nothing', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.connect(segue.url)
  socket.send({ type: 'ping' })
  expect(await socket.next()).toEqual({ type: 'pong' })
  socket.send({ type: 'connection_init' })
  expect((await socket.next()).type).toBe('connection_ack')
  socket.send({ type: 'pong' })
  socket.send({ type: 'pong', payload: { any: 'thing' } })
  socket.send({ type: 'ping', payload: { at: 1 } })
  expect(await socket.next()).toEqual({ type: 'pong', payload: { at: 1 } })
  await socket.close()
})

test('C2 a complete for an id that is unknown or has ended is ignored', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  socket.send({ type: 'complete', id: 'unknown' })
  socket.subscribe('1', query)
  expect(await socket.next()).toEqual({ id: '1', ...result })
  expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
  socket.send({ type: 'complete', id: '1' })
  socket.send({ type: 'complete', id: '1' })
  socket.subscribe('1', query)
  expect(await socket.next()).toEqual({ id: '1', ...result })
  expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
  await socket.close()
})

test('C2 an operation that is not valid is answered with error alone; its id is free, and the connection stays', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  for (const [invalid, code] of [
    ['{', 'GRAPHQL_PARSE_FAILED'],
    ['', 'GRAPHQL_PARSE_FAILED'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { conversationsChanged { nothing } }', 'GRAPHQL_VALIDATION_FAILED'],
  ] as const) {
    socket.subscribe('1', invalid)
    expect(await socket.next()).toMatchObject({ id: '1', type: 'error', payload: [{ extensions: { code } }] })
  }
  socket.subscribe('1', query)
  expect(await socket.next()).toEqual({ id: '1', ...result })
  expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
  await socket.close()
})

test('C2 operations of one connection run at the same time, and each message names its operation', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('changes', changes)
  for (const id of ['a', '🙂', ' ', 'x'.repeat(1000)]) {
    socket.subscribe(id, query)
    expect(await socket.nextFor(id)).toEqual({ id, ...result })
    expect(await socket.nextFor(id)).toEqual({ id, type: 'complete' })
  }
  socket.send({ type: 'complete', id: 'changes' })
  socket.subscribe('changes', query)
  expect(await socket.nextFor('changes')).toEqual({ id: 'changes', ...result })
  await socket.close()
})

test('C1 a frame of bytes is read like one of text', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  socket.sendBytes(Buffer.from(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } })))
  expect(await socket.next()).toEqual({ id: '1', ...result })
  await socket.close()
})
