import { expect, test } from 'vitest'
import { z } from 'zod'
import { defaultLimits, type ServerLimits } from '../../src/config/limits.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { sendHttpRequest } from '../support/server/http-exchange.ts'
import { post, start } from '../support/server/post.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { startTestSegue } from '../support/server/segue.ts'
import {
  followSessionQuery,
  followStreamQuery,
  nextDeltaEvent,
  parseDeltaEvent,
} from '../support/fixtures/delta-events.ts'

const errorsSchema = z.array(z.object({ extensions: z.object({ code: z.string() }) }))
const getErrors = (result: unknown): unknown => z.object({ errors: z.unknown() }).parse(result).errors
const getCodes = (errors: unknown): string[] => errorsSchema.parse(errors).map(({ extensions }) => extensions.code)

test('A3 an operation above the limit of a socket is RATE_LIMITED, and the others continue', async () => {
  expect(defaultLimits.operationsPerSocket).toBe(100)
  await using segue = await startTestSegue()
  const { sessionId } = await start(segue.url, { text: 'Hello.' })
  const socket = await RawSocket.open(segue.url)
  for (let count = 1; count <= 100; count += 1) {
    socket.subscribe(`${count}`, followSessionQuery, { id: sessionId })
    expect((await socket.nextFor(`${count}`)).type).toBe('next')
  }
  socket.subscribe('101', '{ models { id } }')
  const refused = await socket.nextFor('101')
  expect(refused.type).toBe('error')
  expect(getCodes(refused.payload)).toEqual(['RATE_LIMITED'])

  // A completed operation makes room for another, and other sockets have their own limit.
  socket.send({ id: '1', type: 'complete' })
  socket.subscribe('102', '{ models { id } }')
  expect((await socket.nextFor('102')).type).toBe('next')
  const other = await RawSocket.open(segue.url)
  other.subscribe('1', followSessionQuery, { id: sessionId })
  expect((await other.next()).type).toBe('next')
  await socket.close()
  await other.close()
})

const withLimits = (limits: Partial<ServerLimits>) =>
  startTestSegue({ settings: { limits: { ...defaultLimits, ...limits } } })

test('A4 a WebSocket above the limit is refused with 503 at its handshake, until another one closes', async () => {
  expect(defaultLimits.sockets).toBe(10_000)
  await using segue = await withLimits({ sockets: 2 })
  const sockets = [await RawSocket.open(segue.url), await RawSocket.open(segue.url)]
  expect(await RawSocket.handshakeStatus(segue.url)).toBe(503)
  for (const socket of sockets) {
    socket.subscribe('1', '{ models { id } }')
    expect((await socket.next()).type).toBe('next')
  }
  expect((await post(segue.url, '{ models { id } }')).errors).toEqual([])
  await sockets.pop()?.close()
  await (await RawSocket.open(segue.url)).close()
  await sockets.pop()?.close()
})

test('A4 a stream above the limit is RATE_LIMITED, until another one ends', async () => {
  expect(defaultLimits.streams).toBe(1000)
  await using provided = await startSegueWithProvider({ limits: { streams: 2 } })
  const { provider, segue } = provided
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'One' }, { wait: released }, { finish: 'stop' }])
  const first = await start(segue.url, { text: 'One.' })
  const second = await start(segue.url, { text: 'Two.', sessionId: first.sessionId, ifBusy: 'QUEUE' })
  expect(second.status).toBe('QUEUED')

  const mutation = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }'
  const input = { text: 'Three.', key: 'three' }
  expect(getCodes((await post(segue.url, mutation, { input })).errors)).toEqual(['RATE_LIMITED'])
  const socket = await RawSocket.open(segue.url)
  const subscription =
    'subscription ($input: StreamChatInput!) { event: streamChat(input: $input) { type: __typename seq } }'
  socket.subscribe('3', subscription, { input })
  expect(getCodes(getErrors((await socket.nextFor('3')).payload))).toEqual(['RATE_LIMITED'])
  expect((await socket.nextFor('3')).type).toBe('complete')

  // The streams continue, and when they have ended there is room for another.
  release()
  const reader = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id: second.id } })
  while ((await nextDeltaEvent(reader))?.type !== 'StreamFinished');
  socket.subscribe('4', subscription, { input })
  expect(parseDeltaEvent((await socket.next()).payload).type).toBe('StreamStarted')
  await socket.close()
})

const limit = 16 * 1024 * 1024

/** A request of exactly `size` bytes. */
function createRequest(size: number): string {
  const [before, after] = ['{"query":"{ models { id } }","variables":{"filler":"', '"}}']
  return before + 'x'.repeat(size - before.length - after.length) + after
}

test.for([
  ['application/json', 'with a content length'],
  ['application/json', 'chunked'],
  ['text/event-stream', 'with a content length'],
  ['text/event-stream', 'chunked'],
] as const)(
  'A5 a request of more than 16 MiB is TOO_LARGE, and one of 16 MiB is accepted: %s, %s',
  async ([accept, form]) => {
    await using segue = await startTestSegue()
    // Handles the reset of a connection whose request the server has refused before reading all of it.
    const send = (body: string) =>
      sendHttpRequest(segue.url, {
        method: 'POST',
        path: '/graphql',
        headers: {
          accept,
          'content-type': 'application/json',
          ...(form === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.length }),
        },
        body,
      })
    const accepted = await send(createRequest(limit))
    expect(accepted.text).toContain('offline/eliza')
    const refused = await send(createRequest(limit + 1))
    expect(refused.status).toBe(413)
    expect(getCodes(getErrors(JSON.parse(refused.text)))).toEqual(['TOO_LARGE'])
    expect((await post(segue.url, '{ models { id } }')).errors).toEqual([])
    expect(segue.warnings).toEqual([])
  },
)

test('A5 C1 a message of more than 16 MiB closes its socket with 1009, and one of 16 MiB is answered', async () => {
  await using segue = await startTestSegue()
  const createMessage = (size: number): string => {
    const [before, after] = ['{"id":"1","type":"subscribe","payload":', '}']
    return before + createRequest(size - before.length - after.length) + after
  }
  const [socket, other] = [await RawSocket.open(segue.url), await RawSocket.open(segue.url)]
  socket.send(createMessage(limit))
  expect((await socket.next()).type).toBe('next')
  socket.send(createMessage(limit + 1))
  expect((await socket.closed).code).toBe(1009)

  other.subscribe('1', '{ models { id } }')
  expect((await other.next()).type).toBe('next')
  await other.close()
  expect(segue.warnings).toEqual([])
})
