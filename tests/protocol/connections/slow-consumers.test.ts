import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { EventStream } from '../../support/clients/event-stream.ts'
import { start, loadStream } from '../../support/server/post.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../support/server/segue-with-provider.ts'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { trackServerConnections } from '../../support/server/server-connections.ts'
import {
  followStreamQuery,
  nextDeltaEvent,
  readRemainingDeltaEvents,
  type DeltaEvent,
  joinDeltas,
  parseDeltaEvent,
} from '../../support/fixtures/delta-events.ts'
import { startTcpProxy } from '../../support/server/tcp-proxy.ts'
import { waitUntil } from '../../support/wait-until.ts'

const mebibyte = 1_048_576
const maxBufferedBytes = 2 * mebibyte

const pieces = Array.from({ length: 8 * 16 }, (_, index) => String.fromCodePoint(97 + (index % 26)).repeat(65_536))
const answer = pieces.join('') // 8 MiB, more than the operating system buffers

const slowConsumerTimeoutMs = 600

let finished: SegueWithProvider & { readonly id: string }

beforeAll(async () => {
  const provided = await startSegueWithProvider({ limits: { slowConsumerSeconds: slowConsumerTimeoutMs / 1000 } })
  provided.provider.enqueue([...pieces.map((text) => ({ text })), { finish: 'stop' }])
  const { id } = await start(provided.segue.url, { text: 'Tell me everything.' })
  const query = 'subscription ($id: ID!) { followStream(streamId: $id) { seq } }'
  await (await EventStream.open(provided.segue.url, { query, variables: { id } })).readToEnd()
  finished = { ...provided, id }
})

afterAll(() => finished[Symbol.asyncDispose]())

test('A2 a WebSocket whose client does not read buffers little, and is closed with 1013', async () => {
  const close = vi.spyOn(WebSocket.prototype, 'close')
  onTestFinished(() => close.mockRestore())
  const { id, segue } = finished
  using connections = trackServerConnections()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('slow', followStreamQuery, { id })
  const received: DeltaEvent[] = [parseDeltaEvent((await socket.nextFor('slow')).payload)]
  socket.pause()

  let maxBytes = 0
  await waitUntil(() => {
    maxBytes = Math.max(maxBytes, connections.maxBufferedBytes)
    return close.mock.calls.some(([code]) => code === 1013)
  })
  expect(maxBytes).toBeGreaterThan(0)
  expect(maxBytes).toBeLessThan(maxBufferedBytes)

  // When the client reads again, it receives what the operating system has buffered, and the close frame.
  socket.resume()
  expect(await socket.closed).toEqual({ code: 1013, reason: 'Slow consumer: reconnect with your last cursor.' })
  for (let next = socket.takeBuffered(); next; next = socket.takeBuffered())
    received.push(parseDeltaEvent(next.payload))
  const cursor = received.at(-1)?.seq ?? 0
  expect(joinDeltas(received).length).toBeLessThan(answer.length)

  const reconnected = await RawSocket.open(segue.url)
  reconnected.subscribe('resumed', followStreamQuery, { id, after: cursor })
  const rest = await readRemainingDeltaEvents(reconnected, 'resumed')
  expect(rest.every(({ seq }) => seq > cursor)).toBe(true)
  expect(joinDeltas([...received, ...rest]) === answer).toBe(true)
  await reconnected.close()
})

test('A2 server-sent events that are not read buffer little, end, and resume from the cursor', async () => {
  const { id, segue } = finished
  using connections = trackServerConnections()
  const stream = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
  const received: DeltaEvent[] = []
  const first = await nextDeltaEvent(stream)
  if (first) received.push(first)
  stream.pause()

  let maxBytes = 0
  await waitUntil(() => {
    maxBytes = Math.max(maxBytes, connections.maxBufferedBytes)
    return connections.openSockets.length === 0
  })
  expect(maxBytes).toBeGreaterThan(0)
  expect(maxBytes).toBeLessThan(maxBufferedBytes)

  stream.resume()
  for (let event = await nextDeltaEvent(stream); event; event = await nextDeltaEvent(stream)) received.push(event)
  expect(received.at(-1)?.type).toBe('TextDelta')
  const cursor = received.at(-1)?.seq ?? 0
  const reconnected = await EventStream.open(segue.url, {
    method: 'GET',
    query: followStreamQuery,
    variables: { id },
    headers: { 'last-event-id': `${cursor}` },
  })
  for (let event = await nextDeltaEvent(reconnected); event; event = await nextDeltaEvent(reconnected))
    received.push(event)
  expect(received.at(-1)?.type).toBe('StreamFinished')
  expect(joinDeltas(received) === answer).toBe(true)
})

test('A2 a client that reads nothing of a large response to a query is disconnected', async () => {
  const { id, segue } = finished
  using connections = trackServerConnections()
  const request = httpRequest(`${segue.url}/graphql`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  })
  request.on('error', () => undefined)
  const query = 'query ($id: ID!) { stream(id: $id) { message { text } } }'
  request.end(JSON.stringify({ query, variables: { id } }))
  const [response] = await once(request, 'response')
  response.on('error', () => undefined).pause()
  expect(connections.openSockets.length).toBe(1)
  await waitUntil(() => connections.openSockets.length === 0)
  response.destroy()
})

const finalMessageQuery = `subscription ($id: ID!, $after: Int) {
  event: followStream(streamId: $id, after: $after) { seq type: __typename ... on StreamFinished { message { text } } } }`

test.for(['WebSocket', 'event stream'] as const)(
  'A2 a client that reads slowly is not disconnected, even within a large event: %s',
  async (transport) => {
    const { id, segue } = finished
    const { lastSeq } = await loadStream(segue.url, id)
    const variables = { id, after: lastSeq - 1 }
    await using proxy = await startTcpProxy(segue.url, { throttle: { bytes: mebibyte / 2, pauseMs: 100 } })
    const startedAt = performance.now()
    if (transport === 'WebSocket') {
      const socket = await RawSocket.open(proxy.url)
      socket.subscribe('slow', finalMessageQuery, variables)
      expect(JSON.stringify((await socket.nextFor('slow')).payload).length).toBeGreaterThan(answer.length)
      socket.subscribe('another', '{ models { id } }')
      expect((await socket.nextFor('another')).type).toBe('next')
      socket.destroy()
    } else {
      const stream = await EventStream.open(proxy.url, { query: finalMessageQuery, variables })
      expect((await stream.next())?.data.length).toBeGreaterThan(answer.length)
      stream.destroy()
    }
    // That took longer than a client that does not read would have been given.
    expect(performance.now() - startedAt).toBeGreaterThan(2 * slowConsumerTimeoutMs)
  },
)

test('A2 one stalled client of ten does not slow down the other nine', async () => {
  await using provided = await startSegueWithProvider({ limits: { slowConsumerSeconds: 30 } })
  const { provider, segue } = provided
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: '' }, { wait: released }, ...pieces.map((text) => ({ text })), { finish: 'stop' }])
  const { id } = await start(segue.url, { text: 'Tell me everything.' })
  using connections = trackServerConnections()

  const sockets = await Promise.all(Array.from({ length: 5 }, () => RawSocket.open(segue.url)))
  const streams = await Promise.all(
    Array.from({ length: 5 }, () => EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })),
  )
  const [stalled, ...readers] = sockets
  for (const socket of sockets) socket.subscribe('tab', followStreamQuery, { id })
  for (const socket of sockets) expect(parseDeltaEvent((await socket.next()).payload).type).toBe('StreamStarted')
  for (const stream of streams) expect((await nextDeltaEvent(stream))?.type).toBe('StreamStarted')
  stalled?.pause()
  release()

  let maxBytes = 0
  const readLength = async (next: () => Promise<DeltaEvent | null>): Promise<number> => {
    let length = 0
    for (let event = await next(); event; event = await next()) {
      if (event.offset !== undefined) length = Math.max(length, event.offset + (event.text?.length ?? 0))
      maxBytes = Math.max(maxBytes, connections.maxBufferedBytes)
    }
    return length
  }
  const lengths = await Promise.all([
    ...streams.map((stream) => readLength(() => nextDeltaEvent(stream))),
    ...readers.map((socket) =>
      readLength(async () => {
        const { type, payload } = await socket.next()
        return type === 'next' ? parseDeltaEvent(payload) : null
      }),
    ),
  ])
  expect(lengths).toEqual(Array.from({ length: 9 }, () => answer.length))
  expect((await loadStream(segue.url, id)).status).toBe('COMPLETED')
  expect(connections.maxBufferedBytes).toBeGreaterThan(0)
  expect(maxBytes).toBeLessThan(maxBufferedBytes)
  for (const socket of sockets) socket.destroy()
})

test('A2 the server stops reading from a client that sends requests and does not read the responses', async () => {
  using connections = trackServerConnections()
  const socket = await RawSocket.open(finished.segue.url)
  socket.pause()
  // Each answer has the long name that its query asks for.
  const payload = { query: `{ ${'x'.repeat(100_000)}: __typename }` }
  for (let count = 0; count < 400; count += 1) socket.send({ type: 'subscribe', id: String(count), payload }) // 40 MB
  const [connection] = connections.openSockets
  if (!connection) throw new Error('The connection is missing.')
  await waitUntil(() => connection.isPaused())
  expect(connection.writableLength).toBeLessThan(maxBufferedBytes)

  socket.destroy()
})
