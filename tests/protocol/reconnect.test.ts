import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient as createEventStreamClient } from 'graphql-sse'
import { createClient } from 'graphql-ws'
import { expect, test } from 'vitest'
import { ChatClient } from '../support/clients/chat-client.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { post } from '../support/server/post.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { EventReader } from '../support/clients/reader.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { newTempFolder, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { startTcpProxy } from '../support/server/tcp-proxy.ts'
import {
  followSessionQuery,
  followStreamQuery,
  nextDeltaEvent,
  readRemainingDeltaEvents,
  streamChatQuery,
  type DeltaEvent,
  joinDeltas,
  parseDeltaEvent,
} from '../support/fixtures/delta-events.ts'

/** The next so many; fewer at the end. */
async function take<T>(count: number, next: () => Promise<T | null>): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) {
    const value = await next()
    if (value === null) break
    taken.push(value)
  }
  return taken
}

/** An answer in two halves, the second one as soon as somebody says so. */
function halves(provider: StrictProvider): () => void {
  const { promise: held, resolve } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'One half,' }, { wait: held }, { text: ' and the other.' }, { finish: 'stop' }])
  return resolve
}
const whole = 'One half, and the other.'

test('R1 a stream whose only reader has left runs on to its end', async () => {
  await using provided = await startSegueWithProvider()
  const go = halves(provided.provider)
  const variables = { input: { text: 'Talk.' } }
  const reader = await EventStream.open(provided.segue.url, { query: streamChatQuery, variables })
  const first = await reader.next()
  const { id } = JSON.parse(first?.data ?? '').data.told.stream
  reader.destroy()
  const asked = await provided.provider.waitForRequest(0)
  go()
  expect(await asked.closed).toBe('provider')
  expect((await new EventReader(provided.client.followStream(id)).readUntilType('StreamFinished')).message?.text).toBe(
    whole,
  )
})

test('R2 a key joins the stream that it began, from any client, while it runs and long after', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider, segue } = provided
  const go = halves(provider)
  const input = { text: 'Talk.', key: 'my key' }
  const { id, session } = await client.start(input)
  await provided.newReader(id).readUntil(({ text }) => text !== '')

  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', streamChatQuery, { input })
  const stream = await EventStream.open(segue.url, { query: streamChatQuery, variables: { input } })
  const another = new EventReader(provided.newClient().streamChat(input))
  expect((await client.start({ ...input, ifBusy: 'INTERRUPT' })).id).toBe(id)
  go()
  expect(joinDeltas(await readRemainingDeltaEvents(socket, '1'))).toBe(whole)
  const told: DeltaEvent[] = []
  for (let next = await nextDeltaEvent(stream); next; next = await nextDeltaEvent(stream)) told.push(next)
  expect(joinDeltas(told)).toBe(whole)
  await another.readToEnd()
  expect(another.text).toBe(whole)

  const late = new EventReader(client.streamChat(input))
  expect((await late.readUntilType('StreamFinished')).stream.id).toBe(id)
  expect(provider.requests).toHaveLength(1)
  expect(await client.messages(session.id)).toHaveLength(2)
  await socket.close()
})

test('R2 the same key with another input is an IDEMPOTENCY_MISMATCH, and a refused start keeps no key', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const go = halves(provider)
  const { id, session } = await client.start({ text: 'Talk.', key: 'taken' })
  for (const other of [{ text: 'Talk!' }, { sessionId: session.id }, { model: 'strict/other' }]) {
    await expect(client.start({ text: 'Talk.', key: 'taken', ...other })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      extensions: { streamId: id },
    })
  }
  const refused = { text: 'Now.', key: 'free', sessionId: session.id }
  await expect(client.start(refused)).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  go()
  await provided.newReader(id).readToEnd()
  const { id: next } = await client.start({ ...refused, text: 'Then.' })
  expect(next).not.toBe(id)
})

test('R3 graphql-ws repeats its subscription after a break, and joins the answer that it began', async () => {
  await using provided = await startSegueWithProvider()
  await using line = await startTcpProxy(provided.segue.url)
  const go = halves(provided.provider)
  const client = createClient({
    url: `${line.url.replace('http', 'ws')}/graphql`,
    retryAttempts: 5,
    retryWait: () => Promise.resolve(),
    // Node's WebSocket tells of a break by an error, which the client takes for the last word by itself.
    shouldRetry: () => true,
  })
  const told: DeltaEvent[] = []
  for await (const result of client.iterate({ query: streamChatQuery, variables: { input: { text: 'Talk.' } } })) {
    told.push(parseDeltaEvent(result))
    if (joinDeltas(told) === 'One half,' && line.connectionCount === 1) line.resetConnections()
    if (line.connectionCount === 2) go()
  }
  expect(line.connectionCount).toBe(2)
  expect(told.at(-1)?.type).toBe('StreamFinished')
  expect(joinDeltas(told)).toBe(whole)
  expect(told.filter(({ type }) => type === 'StreamStarted')).toEqual([told[0], told[0]])
  expect(provided.provider.requests).toHaveLength(1)
  expect((await post(provided.segue.url, '{ sessions { edges { node { messageCount } } } }')).data).toEqual({
    sessions: { edges: [{ node: { messageCount: 2 } }] },
  })
  await client.dispose()
})

test('R3 an id that is no UUID is no key, and a key that is given counts instead of the id', async () => {
  await using provided = await startSegueWithProvider()
  const { provider, segue } = provided
  const begin = async (id: string, key?: string): Promise<void> => {
    const socket = await RawSocket.open(segue.url)
    socket.subscribe(id, streamChatQuery, { input: { text: 'Talk.', ...(key && { key }) } })
    expect((await readRemainingDeltaEvents(socket, id)).at(-1)?.type).toBe('StreamFinished')
    await socket.close()
  }
  await begin('1')
  await begin('1')
  expect(provider.requests).toHaveLength(2)
  const uuid = crypto.randomUUID()
  await begin(uuid)
  await begin(uuid)
  expect(provider.requests).toHaveLength(3)
  await begin(uuid, 'another')
  await begin(crypto.randomUUID(), 'another')
  expect(provider.requests).toHaveLength(4)
})

test('R4 every event of a log has its seq as its id, whatever is selected; nothing else has one', async () => {
  await using provided = await startSegueWithProvider()
  const { id, session } = await provided.client.start({ text: 'Talk.', key: 'k' })
  const { url } = provided.segue
  const all = await provided.newReader(id).readToEnd()
  const ids = all.map(({ seq }) => `${seq}`)
  const idsOf = async (query: string, method: 'GET' | 'POST'): Promise<(string | null)[]> => {
    const stream = await EventStream.open(url, { query, method })
    const events = await take(all.length, () => stream.next())
    stream.destroy()
    return events.map((event) => event.id)
  }
  for (const method of ['GET', 'POST'] as const) {
    expect(await idsOf(`subscription { followStream(streamId: "${id}") { __typename } }`, method)).toEqual(ids)
    expect(await idsOf(`subscription { a: followSession(sessionId: "${session.id}") { at } }`, method)).toEqual(ids)
  }
  const input = 'input: { text: "Talk.", key: "k" }'
  expect(await idsOf(`subscription { streamChat(${input}) { __typename } }`, 'POST')).toEqual(ids)
  const query = await EventStream.open(url, { query: '{ models { id } }' })
  expect((await query.readToEnd()).map((event) => event.id)).toEqual([null, null])
})

test('R4 of Last-Event-ID and after the greater counts, for a stream and for a session', async () => {
  await using provided = await startSegueWithProvider()
  const { id, session } = await provided.client.start({ text: 'Talk.' })
  const all = await provided.newReader(id).readToEnd()
  for (const [query, variables] of [
    [followStreamQuery, { id }],
    [followSessionQuery, { id: session.id }],
  ] as const) {
    for (const [last, after] of [
      ['2', undefined],
      ['2', 1],
      ['1', 2],
      ['nonsense', 2],
    ] as const) {
      const stream = await EventStream.open(provided.segue.url, {
        method: 'GET',
        query,
        variables: { ...variables, after },
        headers: { 'last-event-id': last },
      })
      const told = await take(all.length - 2, () => nextDeltaEvent(stream))
      expect(told.map(({ seq }) => seq)).toEqual(all.slice(2).map(({ seq }) => seq))
      stream.destroy()
    }
  }
})

test('R4 graphql-sse comes back with its cursor in after', async () => {
  await using provided = await startSegueWithProvider()
  await using line = await startTcpProxy(provided.segue.url)
  const go = halves(provided.provider)
  const { id } = await provided.client.start({ text: 'Talk.' })
  const client = createEventStreamClient({ url: `${line.url}/graphql`, retryAttempts: 0 })
  const told: DeltaEvent[] = []
  const follow = async (): Promise<void> => {
    const variables = { id, after: told.at(-1)?.seq ?? 0 }
    for await (const result of client.iterate({ query: followStreamQuery, variables })) {
      told.push(parseDeltaEvent(result))
      if (joinDeltas(told) === 'One half,') line.resetConnections()
    }
  }
  await expect(follow()).rejects.toThrow('terminated')
  go()
  await follow()
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1))
  expect(joinDeltas(told)).toBe(whole)
  client.dispose()
})

test('R5 a GET that has had the terminal event is answered 204, in every other case there is something to tell', async () => {
  await using provided = await startSegueWithProvider()
  const { id } = await provided.client.start({ text: 'Talk.' })
  await provided.newReader(id).readToEnd()
  const { lastSeq } = await provided.client.stream(id)
  const ask = async (method: 'GET' | 'POST', last: number | null): Promise<EventStream> =>
    EventStream.open(provided.segue.url, {
      method,
      query: followStreamQuery,
      variables: { id, after: last === null ? lastSeq : 0 },
      headers: last === null ? {} : { 'last-event-id': `${last}` },
    })
  const done = await ask('GET', lastSeq)
  expect([done.status, await done.body()]).toEqual([204, ''])
  expect((await ask('GET', lastSeq - 1)).status).toBe(200)
  expect((await ask('GET', lastSeq + 1)).status).toBe(200)
  for (const stream of [await ask('POST', lastSeq), await ask('GET', null)]) {
    expect(stream.status).toBe(200)
    expect((await stream.readToEnd()).map(({ event }) => event)).toEqual(['complete'])
  }
})

test('R6 after a kill what ran is INTERRUPTED with what had been made, and what waited has its turn', async () => {
  await using provider = await StrictProvider.start()
  halves(provider)
  const home = newTempFolder()
  const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test' }))
  const argv = ['--port', '0', '--home', home, '--no-hermes']

  const first = await startServerProcess({ argv })
  const before = new ChatClient(first.url)
  const running = await before.start({ text: 'Talk.' })
  const reader = new EventReader(before.followStream(running.id))
  await reader.readUntil(({ text }) => text === 'One half,')
  const input = { text: 'And then?', sessionId: running.session.id, ifBusy: 'QUEUE' } as const
  const waiting = await before.start(input)
  expect(waiting.status).toBe('QUEUED')
  await first.stop('SIGKILL')
  await before[Symbol.asyncDispose]()

  await using server = await startTestSegueWithFlags({ argv })
  await using client = new ChatClient(server.url)
  const back = new EventReader(client.followStream(running.id, reader.cursor), reader.parts)
  const { stream, message } = await back.readUntilType('StreamFinished')
  expect(stream).toMatchObject({ status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } })
  expect(message).toMatchObject({ status: 'PARTIAL', text: 'One half,' })
  expect(back.text).toBe('One half,')
  const next = await new EventReader(client.followStream(waiting.id)).readUntilType('StreamFinished')
  expect(next.stream.status).toBe('COMPLETED')
  expect((await client.messages(running.session.id)).map(({ role, status }) => [role, status])).toEqual([
    ['USER', 'COMPLETE'],
    ['ASSISTANT', 'PARTIAL'],
    ['USER', 'COMPLETE'],
    ['ASSISTANT', 'COMPLETE'],
  ])
})
