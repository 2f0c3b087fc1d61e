import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { EventStream } from '../support/clients/event-stream.ts'
import { start, loadStream } from '../support/server/post.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../support/server/segue-with-provider.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { trackServerConnections } from '../support/server/server-connections.ts'
import {
  followStreamQuery,
  nextDeltaEvent,
  readRemainingDeltaEvents,
  type DeltaEvent,
  joinDeltas,
  parseDeltaEvent,
} from '../support/fixtures/delta-events.ts'
import { startTcpProxy } from '../support/server/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

const mebibyte = 1_048_576
const bound = 2 * mebibyte

const pieces = Array.from({ length: 8 * 16 }, (_, index) => String.fromCodePoint(97 + (index % 26)).repeat(65_536))
const answer = pieces.join('') // 8 MiB: more than the system keeps for a reader

const patience = 600 // milliseconds

let finished: SegueWithProvider & { readonly id: string }

beforeAll(async () => {
  const provided = await startSegueWithProvider({ limits: { slowConsumerSeconds: patience / 1000 } })
  provided.provider.enqueue([...pieces.map((text) => ({ text })), { finish: 'stop' }])
  const { id } = await start(provided.segue.url, { text: 'Tell me everything.' })
  const query = 'subscription ($id: ID!) { followStream(streamId: $id) { seq } }'
  await (await EventStream.open(provided.segue.url, { query, variables: { id } })).readToEnd()
  finished = { ...provided, id }
})

afterAll(() => finished[Symbol.asyncDispose]())

test('A2 a WebSocket that is not read costs less than one event more than the system keeps, and is closed with 1013', async () => {
  const close = vi.spyOn(WebSocket.prototype, 'close')
  onTestFinished(() => close.mockRestore())
  const { id, segue } = finished
  using connections = trackServerConnections()
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('slow', followStreamQuery, { id })
  const seen: DeltaEvent[] = [parseDeltaEvent((await socket.nextFor('slow')).payload)]
  socket.pause()

  let most = 0
  await waitUntil(() => {
    most = Math.max(most, connections.maxBufferedBytes)
    return close.mock.calls.some(([code]) => code === 1013)
  })
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(bound)

  // What the system had kept is there when it reads on, and then why there is no more.
  socket.resume()
  expect(await socket.closed).toEqual({ code: 1013, reason: 'Slow consumer: reconnect with your last cursor.' })
  for (let next = socket.takeBuffered(); next; next = socket.takeBuffered()) seen.push(parseDeltaEvent(next.payload))
  const cursor = seen.at(-1)?.seq ?? 0
  expect(joinDeltas(seen).length).toBeLessThan(answer.length)

  const back = await RawSocket.open(segue.url)
  back.subscribe('back', followStreamQuery, { id, after: cursor })
  const rest = await readRemainingDeltaEvents(back, 'back')
  expect(rest.every(({ seq }) => seq > cursor)).toBe(true)
  expect(joinDeltas([...seen, ...rest]) === answer).toBe(true)
  await back.close()
})

test('A2 an event stream that is not read costs as little, ends, and can be had from where it was', async () => {
  const { id, segue } = finished
  using connections = trackServerConnections()
  const stream = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
  const seen: DeltaEvent[] = []
  const first = await nextDeltaEvent(stream)
  if (first) seen.push(first)
  stream.pause()

  let most = 0
  await waitUntil(() => {
    most = Math.max(most, connections.maxBufferedBytes)
    return connections.openSockets.length === 0
  })
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(bound)

  stream.resume()
  for (let told = await nextDeltaEvent(stream); told; told = await nextDeltaEvent(stream)) seen.push(told)
  expect(seen.at(-1)?.type).toBe('TextDelta')
  const cursor = seen.at(-1)?.seq ?? 0
  const back = await EventStream.open(segue.url, {
    method: 'GET',
    query: followStreamQuery,
    variables: { id },
    headers: { 'last-event-id': `${cursor}` },
  })
  for (let told = await nextDeltaEvent(back); told; told = await nextDeltaEvent(back)) seen.push(told)
  expect(seen.at(-1)?.type).toBe('StreamFinished')
  expect(joinDeltas(seen) === answer).toBe(true)
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

const wholeQuery = `subscription ($id: ID!, $after: Int) {
  told: followStream(streamId: $id, after: $after) { seq type: __typename ... on StreamFinished { message { text } } } }`

test.for(['WebSocket', 'event stream'] as const)(
  'A2 a reader who is slow and reads on is not let go of, in the middle of a large event either: %s',
  async (transport) => {
    const { id, segue } = finished
    const { lastSeq } = await loadStream(segue.url, id)
    const variables = { id, after: lastSeq - 1 }
    await using line = await startTcpProxy(segue.url, { slow: { bytes: mebibyte / 2, rest: 100 } })
    const began = performance.now()
    if (transport === 'WebSocket') {
      const socket = await RawSocket.open(line.url)
      socket.subscribe('slow', wholeQuery, variables)
      expect(JSON.stringify((await socket.nextFor('slow')).payload).length).toBeGreaterThan(answer.length)
      socket.subscribe('still there', '{ models { id } }')
      expect((await socket.nextFor('still there')).type).toBe('next')
      socket.destroy()
    } else {
      const stream = await EventStream.open(line.url, { query: wholeQuery, variables })
      expect((await stream.next())?.data.length).toBeGreaterThan(answer.length)
      stream.destroy()
    }
    // It took longer than one who does not read at all is given.
    expect(performance.now() - began).toBeGreaterThan(2 * patience)
  },
)

test('A2 ten tabs, one of them stalled: the nine are told everything, while the answer is made', async () => {
  await using provided = await startSegueWithProvider({ limits: { slowConsumerSeconds: 30 } })
  const { provider, segue } = provided
  const { promise: everybodyIsThere, resolve: go } = Promise.withResolvers<void>()
  provider.enqueue([{ text: '' }, { wait: everybodyIsThere }, ...pieces.map((text) => ({ text })), { finish: 'stop' }])
  const { id } = await start(segue.url, { text: 'Tell everybody.' })
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
  go()

  let most = 0
  const lengthOf = async (next: () => Promise<DeltaEvent | null>): Promise<number> => {
    let length = 0
    for (let told = await next(); told; told = await next()) {
      if (told.offset !== undefined) length = Math.max(length, told.offset + (told.text?.length ?? 0))
      most = Math.max(most, connections.maxBufferedBytes)
    }
    return length
  }
  const lengths = await Promise.all([
    ...streams.map((stream) => lengthOf(() => nextDeltaEvent(stream))),
    ...readers.map((socket) =>
      lengthOf(async () => {
        const { type, payload } = await socket.next()
        return type === 'next' ? parseDeltaEvent(payload) : null
      }),
    ),
  ])
  expect(lengths).toEqual(Array.from({ length: 9 }, () => answer.length))
  expect((await loadStream(segue.url, id)).status).toBe('COMPLETED')
  expect(connections.maxBufferedBytes).toBeGreaterThan(0)
  expect(most).toBeLessThan(bound)
  for (const socket of sockets) socket.destroy()
})

test('A2 one that asks and asks and does not read the answers is not listened to any more', async () => {
  using connections = trackServerConnections()
  const socket = await RawSocket.open(finished.segue.url)
  socket.pause()
  const payload = { filler: 'x'.repeat(100_000) }
  for (let count = 0; count < 200; count += 1) socket.send({ type: 'ping', payload }) // 20 MB
  const [connection] = connections.openSockets
  if (!connection) throw new Error('nobody is connected')
  await waitUntil(() => connection.isPaused())
  expect(connection.bytesRead).toBeLessThan(16_000_000)
  expect(connection.writableLength).toBeLessThan(bound)

  socket.resume()
  for (let count = 0; count < 200; count += 1) expect((await socket.next()).type).toBe('pong')
  await socket.close()
})
