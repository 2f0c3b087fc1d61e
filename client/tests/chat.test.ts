import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/config/limits.ts'
import { newLatch } from '../../tests/support/fixtures/chats/agent-chats.ts'
import { listOneStepSeqs } from '../../tests/support/fixtures/stream-seqs.ts'
import { newHome, startTestSegue } from '../../tests/support/server/segue.ts'
import { type SegueWithProvider, startSegueWithProvider } from '../../tests/support/server/segue-with-provider.ts'
import { startTcpProxy } from '../../tests/support/server/tcp-proxy.ts'
import { type ChatEvent, type ChatMessage, computeMessageDigest, type SegueClient, SegueError } from '../src/index.ts'
import { catchError, collect, newClient, readUntil, transports } from './support/client.ts'

let world: SegueWithProvider
beforeAll(async () => {
  world = await startSegueWithProvider()
})
afterAll(() => world[Symbol.asyncDispose]())

const isEnd = ({ type }: ChatEvent): boolean => type === 'StreamFinished'
const getSeqs = (events: readonly ChatEvent[]): number[] => events.map(({ seq }) => seq)
const getText = (message: ChatMessage | null | undefined): string =>
  (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')

function getStreamId(events: readonly ChatEvent[]): string {
  const id = events[0]?.streamId
  if (!id) throw new Error('The first event has no stream.')
  return id
}

/** Starts an answer that stops after its first words, until it is released. */
async function startHeldChat(client: SegueClient, input: { readonly sessionId?: string } = {}) {
  const latch = newLatch()
  world.provider.enqueue([
    { text: 'One half,' },
    { wait: latch.opened },
    { text: ' and the other.' },
    { finish: 'stop' },
  ])
  const events = client.chat({ ...input, text: 'Talk.' })
  const received = await readUntil(keepOpen(events), ({ type }) => type === 'TextDelta')
  return { events, received, release: latch.open }
}

/** The same iteration, which goes on after a loop over it has been left. */
function keepOpen<Value>(values: AsyncIterableIterator<Value>): AsyncIterable<Value> {
  return { [Symbol.asyncIterator]: () => ({ next: () => values.next() }) }
}

describe.each(transports)('over %s,', (transport) => {
  const connect = (url = world.segue.url) => newClient({ url, transport })

  test('a chat yields all events of its answer, and ends with its one end', async () => {
    using client = connect()
    world.provider.enqueue([{ reasoning: 'Hm.' }, { text: 'Hello 👋' }, { finish: 'stop' }])
    const events = await collect(client.chat({ text: 'Hi' }))
    expect(getSeqs(events)).toEqual(listOneStepSeqs(events))
    expect(events.at(0)).toMatchObject({ type: 'StreamStarted', status: 'RUNNING', userMessage: { role: 'USER' } })
    expect(events.filter(isEnd)).toEqual([events.at(-1)])
    expect(events.at(-1)).toMatchObject({ status: 'COMPLETED', finishReason: 'STOP' })
  })

  test('the folded message is the saved one, and its digest proves it', async () => {
    using client = connect()
    world.provider.enqueue([{ reasoning: 'Hm.' }, { text: 'Hello ' }, { text: '👋' }, { finish: 'stop' }])
    const events = await collect(client.chat({ text: 'Hi' }))
    const message = (await collect(client.message(yieldAll(events)))).at(-1)
    expect(message).toMatchObject({
      role: 'ASSISTANT',
      status: 'COMPLETE',
      parts: [
        { type: 'reasoning', text: 'Hm.' },
        { type: 'text', text: 'Hello 👋' },
      ],
    })
    const end = events.at(-1)
    expect(end?.type === 'StreamFinished' && end.message?.digest).toBe(
      await computeMessageDigest(message ?? { parts: [] }),
    )
  })

  test('a broken connection is no end: the answer goes on where it was', async () => {
    await using proxy = await startTcpProxy(world.segue.url)
    const losses: Error[] = []
    using client = newClient({ url: proxy.url, transport, onConnectionLost: (error) => losses.push(error) })
    const { events, received, release } = await startHeldChat(client)
    proxy.resetConnections()
    release()
    const all = [...received, ...(await collect(events))]
    expect(getSeqs(all)).toEqual([...new Set(getSeqs(all))])
    expect(getText((await collect(client.message(yieldAll(all)))).at(-1))).toBe('One half, and the other.')
    expect(all.filter(isEnd)).toHaveLength(1)
    expect(losses.length).toBeGreaterThan(0)
  })

  test('a start that is sent again, because its response was lost, makes one answer', async () => {
    await using proxy = await startTcpProxy(world.segue.url)
    using client = connect(proxy.url)
    const session = await client.request<{ created: { id: string } }>(
      'mutation { created: createSession(input: {}) { id } }',
    )
    const requestCount = world.provider.requests.length
    const latch = newLatch()
    world.provider.enqueue([{ wait: latch.opened }, { text: 'Once.' }, { finish: 'stop' }])
    // Nothing of the server arrives, until the provider has the request: the client cannot know that it has started.
    const cut = world.provider.waitForRequest(requestCount).then(() => {
      proxy.resetConnections()
      latch.open()
    })
    const chat = client.chat({ sessionId: session.created.id, text: 'Talk.' })
    const first = chat.next()
    if (transport === 'sse') proxy.withholdResponses()
    await cut
    await first
    await collect(chat)
    expect(world.provider.requests).toHaveLength(requestCount + 1)
    expect(await world.client.messages(session.created.id)).toHaveLength(2)
  })

  test('leaving does not stop the answer, and following it later yields the rest', async () => {
    using client = connect()
    const leaving = new AbortController()
    const { received, release, events } = await startHeldChat(client)
    await events.return?.()
    const streamId = getStreamId(received)
    const follower = client.follow(streamId, { after: received.at(-1)?.seq ?? 0, signal: leaving.signal })
    const waiting = follower.next()
    leaving.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    release()
    const rest = await collect(client.follow(streamId, { after: received.at(-1)?.seq ?? 0 }))
    expect(getText((await collect(client.message(yieldAll([...received, ...rest])))).at(-1))).toBe(
      'One half, and the other.',
    )
  })

  test('cancel returns what was saved, and the iteration ends with it', async () => {
    using client = connect()
    const { events, received } = await startHeldChat(client)
    const result = await client.cancel(getStreamId(received))
    expect(result).toMatchObject({
      outcome: 'CANCELLED',
      stream: { status: 'CANCELLED' },
      message: { status: 'PARTIAL' },
    })
    const all = [...received, ...(await collect(events))]
    expect(all.at(-1)).toMatchObject({ type: 'StreamFinished', status: 'CANCELLED' })
    const folded = (await collect(client.message(yieldAll(all)))).at(-1)
    expect(folded?.parts).toEqual(result.message?.parts)
    expect(await client.cancel(getStreamId(received))).toMatchObject({ outcome: 'ALREADY_CANCELLED' })
  })

  test('a refusal ends the iteration with its code, and is not tried again', async () => {
    const losses: Error[] = []
    using client = newClient({ url: world.segue.url, transport, onConnectionLost: (error) => losses.push(error) })
    const { received, release } = await startHeldChat(client)
    const sessionId = received[0]?.sessionId ?? ''
    const busy = await catchError(collect(client.chat({ sessionId, text: 'And?' })))
    expect(busy).toBeInstanceOf(SegueError)
    expect(busy).toMatchObject({ code: 'SESSION_BUSY', extensions: { streamId: getStreamId(received) } })
    expect(await catchError(collect(client.chat({ text: '' })))).toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(await catchError(collect(client.follow('str_unknown')))).toMatchObject({ code: 'NOT_FOUND' })
    expect(losses).toEqual([])
    release()
  })

  test('a message that is too large is refused, and another chat goes on', async () => {
    using client = connect()
    const { received, events, release } = await startHeldChat(client)
    const files = [{ mediaType: 'text/plain', url: `data:text/plain,${'x'.repeat(defaultLimits.requestBytes)}` }]
    expect(await catchError(collect(client.chat({ text: 'Read.', files })))).toMatchObject({ code: 'TOO_LARGE' })
    release()
    const rest = await collect(events)
    expect(getSeqs([...received, ...rest])).toEqual(listOneStepSeqs([...received, ...rest]))
    expect(rest.at(-1)).toMatchObject({ type: 'StreamFinished', status: 'COMPLETED' })
  })

  test('a cursor that the server does not know resets: what was received is replaced', async () => {
    using client = connect()
    const events = await collect(client.chat({ text: 'Hi' }))
    const again = await collect(client.follow(getStreamId(events), { after: 100_000 }))
    expect(again.map(({ type }) => type)).toEqual(['StreamReset', 'StreamFinished'])
    const [fromReset] = (await collect(client.message(yieldAll(again)))).slice(-1)
    const [fromEvents] = (await collect(client.message(yieldAll(events)))).slice(-1)
    expect(fromReset).toEqual({ ...fromEvents, model: 'strict/test', createdAt: fromReset?.createdAt })
  })

  test('a server that stops and starts again is a lost connection', async () => {
    const settings = { home: newHome(), offlineDelayMs: 50 }
    const segue = await startTestSegue({ settings })
    const port = Number(new URL(segue.url).port)
    using client = connect(segue.url)
    const events = client.chat({ text: 'Tell me more.' })
    const received = await readUntil(keepOpen(events), ({ type }) => type.endsWith('Delta'))
    await segue.close()
    await using _ = await startTestSegue({ settings: { ...settings, port } })
    const all = [...received, ...(await collect(events))]
    expect(getSeqs(all)).toEqual([...new Set(getSeqs(all))])
    expect(all.at(-1)).toMatchObject({ type: 'StreamFinished', status: 'INTERRUPTED' })
  })

  test('an answer that is deleted ends the iteration, also during a cut', async () => {
    await using proxy = await startTcpProxy(world.segue.url)
    using client = connect(proxy.url)
    using elsewhere = connect()
    const sessionId = (await collect(elsewhere.chat({ text: 'Hi' })))[0]?.sessionId ?? ''
    const remove = (): Promise<unknown> =>
      elsewhere.request('mutation ($id: ID!) { deleteSession(id: $id) }', { id: sessionId })
    const events = client.followSession(sessionId)
    await readUntil(keepOpen(events), isEnd)
    const rest = collect(events)
    proxy.refuseConnections()
    await remove()
    proxy.acceptConnections()
    expect(await rest).toEqual([])
    expect(await catchError(collect(client.followSession(sessionId)))).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('a session is followed across its streams, and into the one that continues it', async () => {
    using client = connect()
    const sessionId = (await collect(client.chat({ text: 'First' })))[0]?.sessionId ?? ''
    const ending = collect(client.followSession(sessionId))
    const following = client.followSession(sessionId, { followContinuations: true })
    await collect(client.chat({ sessionId, text: 'Second' }))
    const compact = 'mutation ($id: ID!) { compacted: compactSession(id: $id) { id } }'
    const { compacted } = await client.request<{ compacted: { id: string } }>(compact, { id: sessionId })
    expect((await ending).at(-1)).toMatchObject({ type: 'SessionContinued', toId: compacted.id })
    expect((await ending).filter(isEnd)).toHaveLength(2)
    const third = collect(client.chat({ sessionId: compacted.id, text: 'Third' }))
    const isThirdEnd = (event: ChatEvent): boolean => isEnd(event) && event.sessionId === compacted.id
    const all = await readUntil(following, isThirdEnd)
    expect(all.filter(isEnd)).toHaveLength(3)
    await third
  })
})

async function* yieldAll<Value>(values: readonly Value[]): AsyncGenerator<Value, void> {
  yield* values
}
