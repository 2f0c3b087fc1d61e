import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { defaultWebSocketHeartbeat } from '../../../src/server/server.ts'
import { EventStream } from '../../support/clients/event-stream.ts'
import { start } from '../../support/server/post.ts'
import { startSegueWithProvider } from '../../support/server/segue-with-provider.ts'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { startTestSegue } from '../../support/server/segue.ts'
import { trackServerConnections } from '../../support/server/server-connections.ts'
import {
  followSessionQuery,
  followStreamQuery,
  nextDeltaEvent,
  streamChatQuery,
  parseDeltaEvent,
} from '../../support/fixtures/delta-events.ts'
import { waitUntil } from '../../support/wait-until.ts'

const heartbeat = { intervalMs: 50, timeoutMs: 150 }

test('A1 a WebSocket is pinged, and stays open while its client answers', async () => {
  await using segue = await startTestSegue({ heartbeat })
  const socket = await RawSocket.open(segue.url)
  await socket.waitForPings(8)
  socket.subscribe('1', '{ models { id } }')
  expect((await socket.next()).type).toBe('next')
  await socket.close()
})

test('A1 a response with server-sent events has a comment after each interval without an event', async () => {
  await using segue = await startTestSegue({ heartbeat })
  const { sessionId } = await start(segue.url, { text: 'Hello.' })
  const stream = await EventStream.open(segue.url, { query: followSessionQuery, variables: { id: sessionId } })
  while ((await nextDeltaEvent(stream))?.type !== 'StreamFinished');
  const before = stream.comments
  await stream.waitForComments(before + 4)

  // The comments have not displaced any event.
  await start(segue.url, { text: 'Hello again.', sessionId })
  expect((await nextDeltaEvent(stream))?.type).toBe('StreamStarted')
  stream.destroy()
})

test('A1 a client that vanishes without closing is disconnected, and its subscriptions end', async () => {
  await using segue = await startTestSegue({ heartbeat })
  const { sessionId } = await start(segue.url, { text: 'Hello.' })
  using connections = trackServerConnections()
  const vanished = connect(Number(new URL(segue.url).port), '127.0.0.1')
  const key = randomBytes(16).toString('base64')
  vanished.write(
    [
      'GET /graphql HTTP/1.1',
      `Host: ${new URL(segue.url).host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
      `Sec-WebSocket-Key: ${key}`,
      '',
      '',
    ].join('\r\n'),
  )
  await once(vanished, 'data')
  vanished.write(encodeFrame({ type: 'connection_init' }))
  vanished.write(
    encodeFrame({ id: '1', type: 'subscribe', payload: { query: followSessionQuery, variables: { id: sessionId } } }),
  )
  await waitUntil(() => segue.defaultProfile.chats.eventLog.stats.waiting === 1)

  // From now on the client neither reads nor answers, and does not close its side.
  vanished.pause()
  await waitUntil(() => connections.openSockets.length === 0)
  await expect.poll(() => segue.defaultProfile.chats.eventLog.stats).toEqual({ sessions: 0, waiting: 0, observers: 0 })
  vanished.destroy()
})

test('A1 the defaults are 5 s and 15 s', async () => {
  expect(defaultWebSocketHeartbeat).toEqual({ intervalMs: 5000, timeoutMs: 15_000 })
})

/** A masked text frame. */
function encodeFrame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message))
  const mask = randomBytes(4)
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([
    Buffer.from([0x81, ...length]),
    mask,
    payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
  ])
}

const connectionInit = { type: 'connection_init' }
const query = '{ models { id } }'
const conversations = 'subscription { conversationsChanged { kind } }'

test.for([
  [4400, 'a text that is not a message', ['nonsense']],
  [4400, 'a message of an unknown type', [{ type: 'nonsense' }]],
  [4400, 'a next message, which only the server may send', [{ id: '1', type: 'next', payload: {} }]],
  [4400, 'an error message, which only the server may send', [{ id: '1', type: 'error', payload: [{ message: 'x' }] }]],
  [4400, 'a connection_ack, which only the server may send', [{ type: 'connection_ack' }]],
  [4401, 'an operation before the connection is acknowledged', [{ id: '1', type: 'subscribe', payload: { query } }]],
  [4429, 'a second connection_init', [connectionInit, connectionInit]],
] as const)('C1 %i is the close code for %s', async ([code, , messages]) => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.connect(segue.url)
  for (const message of messages) socket.send(message)
  expect((await socket.closed).code).toBe(code)
  expect(segue.warnings).toEqual([])
})

test('C1 4406 is the close code for a subprotocol other than graphql-transport-ws', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.connect(segue.url, { protocol: null })
  expect((await socket.closed).code).toBe(4406)
})

test('C1 4408 is the close code for a client that sends no connection_init', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.connect(segue.url)
  expect((await socket.closed).code).toBe(4408)
})

test('C1 4409 is the close code for an id that is in use, and the stream continues', async () => {
  await using provided = await startSegueWithProvider()
  const { provider, segue } = provided
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'Half' }, { wait: released }, { text: ' and half.' }, { finish: 'stop' }])
  const socket = await RawSocket.open(segue.url)
  const id = crypto.randomUUID()
  socket.subscribe(id, streamChatQuery, { input: { text: 'Talk.' } })
  expect(parseDeltaEvent((await socket.next()).payload).type).toBe('StreamStarted')
  socket.subscribe(id, query)
  expect((await socket.closed).code).toBe(4409)
  release()
  expect(await (await provider.waitForRequest(0)).closed).toBe('provider')
})

test('C1 the reason of a close is cut to 123 bytes between two characters', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  const id = '👨‍👩‍👧‍👦'.repeat(20)
  socket.subscribe(id, conversations)
  socket.subscribe(id, query)
  const { code, reason } = await socket.closed
  expect(code).toBe(4409)
  expect(reason).toMatch(/^Subscriber for (👨‍👩‍👧‍👦)+…$/u)
  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
  expect(segue.warnings).toEqual([])
})

test.each([
  ['a subscription', conversations],
  ['a subscription that starts', 'subscription { streamChat(input: { text: "Hello." }) { seq } }'],
  ['a query', '{ search(query: "word") { edges { cursor } } }'],
  ['a mutation', 'mutation { createSession(input: {}) { id } }'],
  ['an invalid operation', '{ nothing }'],
])('C2 the id is free at once after %s', async (_, first) => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  for (let round = 0; round < 3; round += 1) {
    socket.subscribe('1', first)
    socket.send({ id: '1', type: 'complete' })
    socket.subscribe('1', '{ __typename }')
    socket.subscribe('2', '{ __typename }')
    let next = await socket.nextFor('1')
    // The result of the first operation may have been sent before its complete message arrived.
    if (!JSON.stringify(next).includes('"Query"')) next = await socket.nextFor('1')
    expect(next).toEqual({ id: '1', type: 'next', payload: { data: { __typename: 'Query' } } })
    expect(await socket.nextFor('1')).toEqual({ id: '1', type: 'complete' })
  }
  await socket.close()
  expect(segue.warnings).toEqual([])
})

test('C2 a new subscription with the id of a completed one receives events until it is completed', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  const { id } = await start(segue.url, { text: 'Hello.' })
  const followStream = `subscription { followStream(streamId: "${id}") { seq } }`
  socket.subscribe('1', conversations)
  socket.send({ id: '1', type: 'complete' })
  socket.subscribe('1', followStream)
  socket.send({ id: '1', type: 'complete' })
  socket.subscribe('1', followStream)
  const types: string[] = []
  while (types.at(-1) !== 'complete') types.push((await socket.nextFor('1')).type)
  expect(types.slice(0, -1)).toEqual(types.slice(0, -1).map(() => 'next'))
  expect(types.length).toBeGreaterThan(3)
  await socket.close()
})

test('C2 an id that is not completed is in use, also while it waits for the previous operation', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', conversations)
  socket.send({ id: '1', type: 'complete' })
  socket.subscribe('1', conversations)
  socket.subscribe('1', conversations)
  expect((await socket.closed).code).toBe(4409)
})

test('C1 1001 is the close code of a server that stops, after the last events of all streams', async () => {
  const provided = await startSegueWithProvider()
  const { provider, segue } = provided
  provider.enqueue([{ text: 'Half' }, { wait: new Promise(() => undefined) }])
  const sockets = await Promise.all([RawSocket.open(segue.url), RawSocket.open(segue.url)])
  const [subscribed, idle] = sockets
  subscribed?.subscribe('1', streamChatQuery, { input: { text: 'Talk.' } })
  await subscribed?.next()
  await subscribed?.next()
  await provided[Symbol.asyncDispose]()
  expect(await subscribed?.closed).toEqual({ code: 1001, reason: 'Server is stopping: reconnect later.' })
  expect((await idle?.closed)?.code).toBe(1001)
  // The part ends with the stream. The step was cut off, and has no end.
  for (const type of ['PartFinished', 'StreamFinished'])
    expect(parseDeltaEvent((await subscribed?.next())?.payload).type).toBe(type)
})

test('C1 a server that stops completes no subscription: an event stream just ends', async () => {
  const provided = await startSegueWithProvider()
  const { provider, segue } = provided
  provider.enqueue([{ text: 'Half' }, { wait: new Promise(() => undefined) }])
  const { id, sessionId } = await start(segue.url, { text: 'Talk.' })
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('stream', followStreamQuery, { id })
  socket.subscribe('session', followSessionQuery, { id: sessionId })
  const streams = await Promise.all(
    [
      { query: followStreamQuery, variables: { id } },
      { query: followSessionQuery, variables: { id: sessionId } },
    ].map((operation) => EventStream.open(segue.url, operation)),
  )
  const received = streams.map((stream) => stream.readToEnd())
  await waitUntil(() => segue.defaultProfile.chats.eventLog.stats.waiting >= 4)
  await provided[Symbol.asyncDispose]()
  for (const events of await Promise.all(received)) {
    expect(events.map(({ event }) => event)).not.toContain('complete')
    expect(parseDeltaEvent(JSON.parse(events.at(-1)?.data ?? '')).type).toBe('StreamFinished')
  }
  expect((await socket.closed).code).toBe(1001)
  const types: unknown[] = []
  for (let message = socket.takeBuffered(); message; message = socket.takeBuffered()) types.push(message.type)
  expect(new Set(types)).toEqual(new Set(['next']))
})

test('C1 a message after the close starts nothing, and a client that does not answer does not delay the end of the server', async () => {
  const segue = await startTestSegue()
  const { sessionId } = await start(segue.url, { text: 'Hello.' })
  await waitUntil(() => segue.defaultProfile.chats.activeStreamCount === 0)
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', followSessionQuery, { id: sessionId })
  await socket.next()
  // The client neither reads the close frame nor answers it.
  socket.pause()
  socket.send('nonsense')
  socket.subscribe('2', streamChatQuery, { input: { text: 'Talk.', sessionId } })
  socket.send(connectionInit)
  await waitUntil(() => segue.defaultProfile.chats.eventLog.stats.waiting === 0)
  expect(segue.defaultProfile.chats.activeStreamCount).toBe(0)
  await segue[Symbol.asyncDispose]()
  socket.resume()
  expect((await socket.closed).code).toBe(4400)
})
