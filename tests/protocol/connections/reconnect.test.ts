import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient as createEventStreamClient } from 'graphql-sse'
import { createClient } from 'graphql-ws'
import { expect, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { EventStream } from '../../support/clients/event-stream.ts'
import { post } from '../../support/server/post.ts'
import { startSegueWithProvider } from '../../support/server/segue-with-provider.ts'
import type { ProviderStep } from '../../support/providers/openai-chunks.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { listOneStepSeqs } from '../../support/fixtures/stream-seqs.ts'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { newTempFolder, startTestSegueWithFlags } from '../../support/server/segue.ts'
import { startServerProcess } from '../../support/server/server-process.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { startTcpProxy } from '../../support/server/tcp-proxy.ts'
import {
  followSessionQuery,
  followStreamQuery,
  nextDeltaEvent,
  readRemainingDeltaEvents,
  streamChatQuery,
  type DeltaEvent,
  joinDeltas,
  parseDeltaEvent,
} from '../../support/fixtures/delta-events.ts'

/** The next `count` values, or fewer at the end. */
async function take<T>(count: number, next: () => Promise<T | null>): Promise<T[]> {
  const values: T[] = []
  while (values.length < count) {
    const value = await next()
    if (value === null) break
    values.push(value)
  }
  return values
}

/** Makes the provider answer in two halves. Returns a function that releases the second one. */
function enqueueHalves(provider: StrictProvider): () => void {
  const { promise: released, resolve } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'One half,' }, { wait: released }, { text: ' and the other.' }, { finish: 'stop' }])
  return resolve
}
const fullText = 'One half, and the other.'

/** Two deltas of different parts: nothing in the log is coalesced after the end. */
const stableAnswer: readonly ProviderStep[] = [{ reasoning: 'Hm.' }, { text: 'Talking.' }, { finish: 'stop' }]

test('R1 a stream continues to its end when its only client has disconnected', async () => {
  await using provided = await startSegueWithProvider()
  const release = enqueueHalves(provided.provider)
  const variables = { input: { text: 'Talk.' } }
  const reader = await EventStream.open(provided.segue.url, { query: streamChatQuery, variables })
  const first = await reader.next()
  const { id } = JSON.parse(first?.data ?? '').data.event.stream
  reader.destroy()
  const providerRequest = await provided.provider.waitForRequest(0)
  release()
  expect(await providerRequest.closed).toBe('provider')
  expect((await new EventReader(provided.client.followStream(id)).readUntilType('StreamFinished')).message?.text).toBe(
    fullText,
  )
})

test('R2 a key joins the stream that was started with it, from any client, during the stream and after it', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider, segue } = provided
  const release = enqueueHalves(provider)
  const input = { text: 'Talk.', key: 'my key' }
  const { id, session } = await client.start(input)
  await provided.newReader(id).readUntil(({ text }) => text !== '')

  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', streamChatQuery, { input })
  const stream = await EventStream.open(segue.url, { query: streamChatQuery, variables: { input } })
  const another = new EventReader(provided.newClient().streamChat(input))
  expect((await client.start({ ...input, ifBusy: 'INTERRUPT' })).id).toBe(id)
  release()
  expect(joinDeltas(await readRemainingDeltaEvents(socket, '1'))).toBe(fullText)
  const events: DeltaEvent[] = []
  for (let next = await nextDeltaEvent(stream); next; next = await nextDeltaEvent(stream)) events.push(next)
  expect(joinDeltas(events)).toBe(fullText)
  await another.readToEnd()
  expect(another.text).toBe(fullText)

  const late = new EventReader(client.streamChat(input))
  expect((await late.readUntilType('StreamFinished')).stream.id).toBe(id)
  expect(provider.requests).toHaveLength(1)
  expect(await client.messages(session.id)).toHaveLength(2)
  await socket.close()
})

test('R2 the same key with other input is an IDEMPOTENCY_MISMATCH, and a refused start does not use up its key', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const release = enqueueHalves(provider)
  const { id, session } = await client.start({ text: 'Talk.', key: 'taken' })
  for (const other of [{ text: 'Talk!' }, { sessionId: session.id }, { model: 'strict/other' }]) {
    await expect(client.start({ text: 'Talk.', key: 'taken', ...other })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      extensions: { streamId: id },
    })
  }
  const refused = { text: 'Now.', key: 'free', sessionId: session.id }
  await expect(client.start(refused)).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  release()
  await provided.newReader(id).readToEnd()
  const { id: next } = await client.start({ ...refused, text: 'Then.' })
  expect(next).not.toBe(id)
})

test('R3 graphql-ws repeats its subscription after a disconnect, and joins the stream that it had started', async () => {
  await using provided = await startSegueWithProvider()
  await using proxy = await startTcpProxy(provided.segue.url)
  const release = enqueueHalves(provided.provider)
  const client = createClient({
    url: `${proxy.url.replace('http', 'ws')}/graphql`,
    retryAttempts: 5,
    retryWait: () => Promise.resolve(),
    // Node's WebSocket reports a broken connection as an error, after which graphql-ws does not retry by default.
    shouldRetry: () => true,
  })
  const events: DeltaEvent[] = []
  for await (const result of client.iterate({ query: streamChatQuery, variables: { input: { text: 'Talk.' } } })) {
    events.push(parseDeltaEvent(result))
    if (joinDeltas(events) === 'One half,' && proxy.connectionCount === 1) proxy.resetConnections()
    if (proxy.connectionCount === 2) release()
  }
  expect(proxy.connectionCount).toBe(2)
  expect(events.at(-1)?.type).toBe('StreamFinished')
  expect(joinDeltas(events)).toBe(fullText)
  expect(events.filter(({ type }) => type === 'StreamStarted')).toEqual([events[0], events[0]])
  expect(provided.provider.requests).toHaveLength(1)
  expect((await post(provided.segue.url, '{ sessions { edges { node { messageCount } } } }')).data).toEqual({
    sessions: { edges: [{ node: { messageCount: 2 } }] },
  })
  await client.dispose()
})

test('R3 an id that is not a UUID is not a key, and a key in the input takes precedence', async () => {
  await using provided = await startSegueWithProvider()
  const { provider, segue } = provided
  const runOperation = async (id: string, key?: string): Promise<void> => {
    const socket = await RawSocket.open(segue.url)
    socket.subscribe(id, streamChatQuery, { input: { text: 'Talk.', ...(key && { key }) } })
    expect((await readRemainingDeltaEvents(socket, id)).at(-1)?.type).toBe('StreamFinished')
    await socket.close()
  }
  await runOperation('1')
  await runOperation('1')
  expect(provider.requests).toHaveLength(2)
  const uuid = crypto.randomUUID()
  await runOperation(uuid)
  await runOperation(uuid)
  expect(provider.requests).toHaveLength(3)
  await runOperation(uuid, 'another')
  await runOperation(crypto.randomUUID(), 'another')
  expect(provider.requests).toHaveLength(4)
})

test('R4 every event of a log has its seq as its id, whatever the document selects, and other results have no id', async () => {
  await using provided = await startSegueWithProvider()
  provided.provider.enqueue(stableAnswer)
  const { id, session } = await provided.client.start({ text: 'Talk.', key: 'k' })
  const { url } = provided.segue
  const all = await provided.newReader(id).readToEnd()
  const ids = all.map(({ seq }) => `${seq}`)
  const sessionIds = (await provided.client.events(session.id)).map(({ seq }) => `${seq}`)
  const readIds = async (query: string, method: 'GET' | 'POST', count = all.length): Promise<(string | null)[]> => {
    const stream = await EventStream.open(url, { query, method })
    const events = await take(count, () => stream.next())
    stream.destroy()
    return events.map((event) => event.id)
  }
  for (const method of ['GET', 'POST'] as const) {
    expect(await readIds(`subscription { followStream(streamId: "${id}") { __typename } }`, method)).toEqual(ids)
    const followSession = `subscription { a: followSession(sessionId: "${session.id}") { at } }`
    expect(await readIds(followSession, method, sessionIds.length)).toEqual(sessionIds)
  }
  const input = 'input: { text: "Talk.", key: "k" }'
  expect(await readIds(`subscription { streamChat(${input}) { __typename } }`, 'POST')).toEqual(ids)
  const query = await EventStream.open(url, { query: '{ models { id } }' })
  expect((await query.readToEnd()).map((event) => event.id)).toEqual([null, null])
})

test('R4 Last-Event-ID counts where there is one, else after, for a stream and for a session', async () => {
  await using provided = await startSegueWithProvider()
  provided.provider.enqueue(stableAnswer)
  const { id, session } = await provided.client.start({ text: 'Talk.' })
  const streamEvents = await provided.newReader(id).readToEnd()
  for (const [query, variables, all] of [
    [followStreamQuery, { id }, streamEvents],
    [followSessionQuery, { id: session.id }, await provided.client.events(session.id)],
  ] as const) {
    for (const [last, after] of [
      ['2', undefined],
      ['2', 1],
      ['2', 3],
      ['nonsense', 2],
      [null, 2],
    ] as const) {
      const stream = await EventStream.open(provided.segue.url, {
        method: 'GET',
        query,
        variables: { ...variables, after },
        headers: last === null ? {} : { 'last-event-id': last },
      })
      const events = await take(all.length - 2, () => nextDeltaEvent(stream))
      expect(events.map(({ seq }) => seq)).toEqual(all.slice(2).map(({ seq }) => seq))
      stream.destroy()
    }
  }
})

test('R4 graphql-sse resumes with its cursor in after', async () => {
  await using provided = await startSegueWithProvider()
  await using proxy = await startTcpProxy(provided.segue.url)
  const release = enqueueHalves(provided.provider)
  const { id } = await provided.client.start({ text: 'Talk.' })
  const client = createEventStreamClient({ url: `${proxy.url}/graphql`, retryAttempts: 0 })
  const events: DeltaEvent[] = []
  const follow = async (): Promise<void> => {
    const variables = { id, after: events.at(-1)?.seq ?? 0 }
    for await (const result of client.iterate({ query: followStreamQuery, variables })) {
      events.push(parseDeltaEvent(result))
      if (joinDeltas(events) === 'One half,') proxy.resetConnections()
    }
  }
  await expect(follow()).rejects.toThrow('terminated')
  release()
  await follow()
  expect(events.map(({ seq }) => seq)).toEqual(listOneStepSeqs(events))
  expect(joinDeltas(events)).toBe(fullText)
  client.dispose()
})

test('R5 a GET with the last event as its Last-Event-ID gets status 204, and every other request gets 200', async () => {
  await using provided = await startSegueWithProvider()
  const { id } = await provided.client.start({ text: 'Talk.' })
  await provided.newReader(id).readToEnd()
  const { lastSeq } = await provided.client.stream(id)
  const open = async (method: 'GET' | 'POST', last: number | null): Promise<EventStream> =>
    EventStream.open(provided.segue.url, {
      method,
      query: followStreamQuery,
      variables: { id, after: last === null ? lastSeq : 0 },
      headers: last === null ? {} : { 'last-event-id': `${last}` },
    })
  const finished = await open('GET', lastSeq)
  expect([finished.status, await finished.body()]).toEqual([204, ''])
  expect((await open('GET', lastSeq - 1)).status).toBe(200)
  expect((await open('GET', lastSeq + 1)).status).toBe(200)
  for (const stream of [await open('POST', lastSeq), await open('GET', null)]) {
    expect(stream.status).toBe(200)
    expect((await stream.readToEnd()).map(({ event }) => event)).toEqual(['complete'])
  }
})

test('R5 a GET with SessionContinued as its Last-Event-ID gets status 204', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider, segue } = provided
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readToEnd()
  provider.enqueue('A talk.')
  await client.ask(`mutation { compactSession(id: "${session.id}") { id } }`)
  const open = (last: string): Promise<EventStream> =>
    EventStream.open(segue.url, {
      method: 'GET',
      query: followSessionQuery,
      variables: { id: session.id },
      headers: { 'last-event-id': last },
    })
  const received = await (await open('1')).readToEnd()
  expect(received.at(-1)?.event).toBe('complete')
  const continued = received.at(-2)?.id ?? ''
  expect((await open(continued)).status).toBe(204)
})

test(
  'R6 after a crash a running stream is INTERRUPTED with its partial message, and a queued one starts',
  { timeout: 60_000 },
  async () => {
    await using provider = await StrictProvider.start()
    enqueueHalves(provider)
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
    const resumed = new EventReader(client.followStream(running.id, reader.cursor), reader.parts)
    const { stream, message } = await resumed.readUntilType('StreamFinished')
    expect(stream).toMatchObject({ status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } })
    expect(message).toMatchObject({ status: 'PARTIAL', text: 'One half,' })
    expect(resumed.text).toBe('One half,')
    const next = await new EventReader(client.followStream(waiting.id)).readUntilType('StreamFinished')
    expect(next.stream.status).toBe('COMPLETED')
    expect((await client.messages(running.session.id)).map(({ role, status }) => [role, status])).toEqual([
      ['USER', 'COMPLETE'],
      ['ASSISTANT', 'PARTIAL'],
      ['USER', 'COMPLETE'],
      ['ASSISTANT', 'COMPLETE'],
    ])
  },
)
