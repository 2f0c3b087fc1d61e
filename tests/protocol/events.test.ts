import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ChatClient, type ApiEvent } from '../support/clients/chat-client.ts'
import type { ProviderStep } from '../support/providers/openai-chunks.ts'
import { post } from '../support/server/post.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { computeDigest, omitEntities, toParts, EventReader } from '../support/clients/reader.ts'
import { startSegueWithTools } from '../support/server/segue-with-tools.ts'
import { listOneStepSeqs } from '../support/fixtures/stream-seqs.ts'
import { newTool } from '../support/fixtures/tools.ts'
import { newTempFolder, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { StrictProvider, toolCallSteps } from '../support/providers/strict-provider.ts'

const getSeqs = (events: readonly ApiEvent[]): number[] => events.map(({ seq }) => seq)

/** Answers word by word, slowly enough that each word is an event. */
async function* createWords(count: number): AsyncGenerator<ProviderStep> {
  for (let word = 1; word <= count; word += 1) {
    yield { text: `word ${word}, ` }
    yield { wait: pause(25) }
  }
  yield { finish: 'stop' }
}

/** A reader that resumes at a cursor, with the state of the events up to it. */
async function resumeReader(
  cursor: number,
  events: readonly ApiEvent[],
  source: AsyncGenerator<ApiEvent>,
): Promise<EventReader> {
  const before = new EventReader(replay(...events.filter(({ seq }) => seq <= cursor)))
  await before.readToEnd()
  return new EventReader(source, before.parts)
}

async function* replay(...events: readonly ApiEvent[]): AsyncGenerator<ApiEvent> {
  yield* events
}

test(
  'E1 every event that a client has received is in the log after a crash, and the log has no gaps',
  { timeout: 60_000 },
  async () => {
    await using provider = await StrictProvider.start()
    const home = newTempFolder()
    const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test' }))
    const argv = ['--port', '0', '--home', home, '--no-hermes']
    provider.enqueue(createWords(1000))

    const received: ApiEvent[] = []
    {
      await using server = await startServerProcess({ argv })
      await using client = new ChatClient(server.url)
      const { id } = await client.start({ text: 'Talk.' })
      const reader = new EventReader(client.followStream(id))
      await reader.readUntil(({ events }) => events.length === 15)
      received.push(...reader.events)
      const rest = reader.readToEnd().catch(() => undefined)
      await server.stop('SIGKILL')
      await rest
    }
    await using server = await startTestSegueWithFlags({ argv })
    await using client = new ChatClient(server.url)
    const [first] = received
    if (!first) throw new Error('No event was received.')
    // Deltas may be coalesced by now. Their texts still follow each other without gaps.
    const log = await client.events(first.sessionId)
    const head = log.at(-1)?.seq ?? 0
    const lengths = new Map<string, number>()
    for (const event of log) {
      if (event.type !== 'TextDelta' && event.type !== 'ReasoningDelta') continue
      const part = `${event.messageId}/${event.partIndex}`
      expect(event.offset).toBe(lengths.get(part) ?? 0)
      lengths.set(part, event.offset + event.text.length)
    }
    const isCoalesced = log.length < head
    if (!isCoalesced) expect(getSeqs(log)).toEqual(log.map((_, index) => index + 1))
    const { id } = await client.start({ text: 'Again.', sessionId: first.sessionId })
    expect((await new EventReader(client.followStream(id)).readToEnd())[0]?.seq).toBe(head + 1)

    // The log returns the events unchanged, unless their deltas were coalesced.
    for (const event of received) {
      const isDelta = event.type === 'TextDelta' || event.type === 'ReasoningDelta'
      if (!isCoalesced || !isDelta) expect(log.map(omitEntities)).toContainEqual(omitEntities(event))
      else
        expect(lengths.get(`${event.messageId}/${event.partIndex}`)).toBeGreaterThanOrEqual(
          event.offset + event.text.length,
        )
    }
  },
)

test('E2 a subscription at any cursor delivers every later event once and in order, then the live ones, then the end', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue(
    (async function* () {
      for await (const step of createWords(10)) {
        if ('finish' in step) yield { wait: released }
        yield step
      }
    })(),
  )
  const { id, session } = await client.start({ text: 'Talk.' })
  const reader = provided.newReader(id)
  await reader.readUntil(({ text }) => text.includes('word 9'))
  const head = reader.cursor
  // All have begun to read before the stream finishes: its deltas are coalesced a while after that.
  const firstEvents: Promise<unknown>[] = []
  const readers = Array.from({ length: head + 1 }, async (_, after) => {
    const source = client.followStream(id, after)
    const first = source.next()
    if (after < head) firstEvents.push(first)
    const { value } = await first
    return [value, ...(await Array.fromAsync(source))]
  })
  await Promise.all(firstEvents)
  const follower = await resumeReader(3, reader.events, client.followSession(session.id, 3))
  await follower.next()
  release()

  const all = await reader.readToEnd()
  expect(getSeqs(all)).toEqual(listOneStepSeqs(all))
  expect(all.at(-1)).toMatchObject({ type: 'StreamFinished' })
  for (const [after, events] of readers.entries()) {
    expect(getSeqs(await events), `after ${after}`).toEqual(getSeqs(all.filter(({ seq }) => seq > after)))
  }

  // followSession continues when the stream has ended.
  await follower.readUntilType('StreamFinished')
  const next = await client.start({ text: 'More.', sessionId: session.id })
  await follower.readUntil(({ cursor }) => cursor > (all.at(-1)?.seq ?? 0))
  expect(follower.events.at(-1)).toMatchObject({ type: 'StreamStarted', streamId: next.id })
  expect(getSeqs(follower.events)).toEqual(follower.events.map((_, index) => index + 4))
  await follower.unsubscribe()
})

test('E3 a delta belongs at its offset, and applying events twice changes nothing', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([
    { reasoning: 'Well, ' },
    { wait: pause(30) },
    { reasoning: 'yes. ' },
    ...(await Array.fromAsync(createWords(5))),
  ])
  const { id } = await client.start({ text: 'Talk.' })
  const reader = provided.newReader(id)
  const events = await reader.readToEnd()
  const { message } = await client.stream(id)
  if (!message) throw new Error('The stream has no message.')
  expect(reader.parts).toEqual(toParts(message))

  const [first, ...rest] = events
  if (!first) throw new Error('No event was received.')
  const twice = new EventReader(replay(first, ...rest.flatMap((event) => [event, event]), ...rest))
  await twice.readToEnd()
  expect(twice.parts).toEqual(toParts(message))
})

test('E3 a file is a whole part, whose URL can be read when the event arrives and does not change', async () => {
  await using provided = await startSegueWithProvider()
  const { client, segue } = provided
  const { id } = await client.start({ text: '/image a rose', model: 'offline/eliza' })
  const reader = provided.newReader(id)
  const { messageId, partIndex, mediaType, url } = await reader.readUntilType('FilePartAdded')
  const response = await fetch(segue.url + url)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, mediaType])
  await reader.readToEnd()
  const message = await client.message(messageId)
  expect(message?.parts[partIndex]).toMatchObject({ type: 'FilePart', mediaType, url })
  const twice = new EventReader(replay(...reader.events.flatMap((event) => [event, event])))
  await twice.readToEnd()
  expect(twice.parts).toEqual(reader.parts)
})

test('E3 text that turns out to be reasoning stays reasoning, also if its deltas are applied again', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([
    { text: 'Two and two.' },
    { wait: pause(30) },
    { text: ' Yes.\n</think>Four.' },
    { finish: 'stop' },
  ])
  const { id } = await client.start({ text: 'Add.' })
  const reader = provided.newReader(id)
  const events = await reader.readToEnd()
  const { message } = await client.stream(id)
  if (!message) throw new Error('The stream has no message.')
  expect(message).toMatchObject({ reasoning: 'Two and two. Yes.\n', text: 'Four.' })
  const types = events.map(({ type }) => type).filter((type) => type.endsWith('Delta'))
  expect([types[0], types.at(-2), types.at(-1)]).toEqual(['TextDelta', 'ReasoningDelta', 'TextDelta'])
  expect(reader.parts).toEqual(toParts(message))
  expect(computeDigest(reader.parts)).toBe(message.digest)

  const [first, ...rest] = events
  if (!first) throw new Error('No event was received.')
  const again = new EventReader(replay(first, ...rest, ...rest.slice(0, 2)))
  await again.readToEnd()
  expect(again.parts).toEqual(toParts(message))
})

test('E4 an event carries at most 65,536 code units of text, and does not split a surrogate pair', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const text = `x${'😀'.repeat(70_000)}`
  provider.enqueue([{ text }, { finish: 'stop' }])
  const { id } = await client.start({ text: 'Smile.' })
  const reader = provided.newReader(id)
  const texts = (await reader.readToEnd()).flatMap((event) => ('text' in event ? [event.text] : []))
  expect(texts.length).toBeGreaterThanOrEqual(3)
  for (const piece of texts) {
    expect(piece.length).toBeLessThanOrEqual(65_536)
    expect(piece.isWellFormed()).toBe(true)
  }
  expect(reader.text === text).toBe(true)
})

/** A chunk of the arguments of one of two interleaved tool calls. */
function argumentsChunk(index: number, text: string, head: object = {}): ProviderStep {
  const call = { index, ...head, function: { ...('id' in head && { name: 'nothing' }), arguments: text } }
  const choices = [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }]
  const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'test', choices }
  return { raw: `data: ${JSON.stringify(chunk)}` }
}

test('E5 a client that is far behind receives coalesced events, and has the same text from every cursor', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const rounds = Array.from({ length: 400 }, (_, round) => round)
  provider.enqueue([
    argumentsChunk(0, '{"a":"', { id: 'call_0', type: 'function' }),
    argumentsChunk(1, '{"a":"', { id: 'call_1', type: 'function' }),
    ...rounds.flatMap((round) => [argumentsChunk(0, `${round} `), argumentsChunk(1, `${-round} `)]),
    argumentsChunk(0, '"}'),
    argumentsChunk(1, '"}'),
    { finish: 'tool_calls' },
  ])
  provider.enqueue([{ text: 'Done' }, { wait: released }, { text: ' and done.' }, { finish: 'stop' }])
  const { id } = await client.start({ text: 'Call.' })
  const live = provided.newReader(id)
  await live.readUntil(({ text }) => text === 'Done')
  const { lastSeq } = await client.stream(id)
  expect(lastSeq).toBeGreaterThan(800)

  const lagging = provided.newReader(id)
  await lagging.readUntil(({ text }) => text === 'Done')
  expect(lagging.events.length).toBeLessThan(30)
  expect(lagging.parts).toEqual(live.parts)
  expect(getSeqs(lagging.events)).toEqual(getSeqs(lagging.events).toSorted((a, b) => a - b))
  // A cursor is the seq of a received event. The live reader may have received coalesced events, too.
  const findReceivedSeq = (seq: number): number => live.events.find((event) => event.seq >= seq)?.seq ?? 0
  for (const cursor of [1, 100, 401, lastSeq - 300].map(findReceivedSeq)) {
    const resumed = await resumeReader(cursor, live.events, client.followStream(id, cursor))
    await resumed.readUntil(({ text }) => text === 'Done')
    expect(resumed.parts, `after ${cursor}`).toEqual(live.parts)
    await resumed.unsubscribe()
  }
  for (const { seq } of lagging.events) {
    const resumed = await resumeReader(seq, lagging.events, client.followStream(id, seq))
    await resumed.readUntil(({ text }) => text === 'Done')
    expect(resumed.parts, `after ${seq}`).toEqual(live.parts)
    await resumed.unsubscribe()
  }
  release()
  await live.readToEnd()

  // The same holds after the end of the stream, at any moment of the coalescing in the background.
  for (const cursor of [0, 5, 400, lastSeq - 10].map(findReceivedSeq)) {
    const resumed = await resumeReader(cursor, live.events, client.followStream(id, cursor))
    await resumed.readToEnd()
    expect(resumed.parts, `after ${cursor}`).toEqual(live.parts)
    expect(resumed.cursor).toBe(live.cursor)
  }
})

test.for(['COMPLETED', 'CANCELLED', 'FAILED'] as const)(
  'E6 a stream ends with one StreamFinished, whose message is the fold of all events and what is stored: %s',
  async (status) => {
    await using provided = await startSegueWithProvider()
    const { client, provider } = provided
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    provider.enqueue([
      { reasoning: 'Hm.' },
      { text: 'Half' },
      { wait: released },
      status === 'FAILED' ? { cut: true } : { finish: 'stop' },
    ])
    const { id } = await client.start({ text: 'Talk.' })
    const reader = provided.newReader(id)
    await reader.readUntil(({ text }) => text === 'Half')
    if (status === 'CANCELLED') await client.cancel(id)
    release()
    const finished = await reader.readUntilType('StreamFinished')
    expect(await reader.next()).toBeNull()
    expect(finished.stream.status).toBe(status)
    const { message } = finished
    if (!message) throw new Error('The stream has no message.')
    expect(toParts(message)).toEqual(reader.parts)
    expect(message.digest).toBe(computeDigest(reader.parts))
    expect(await client.message(message.id)).toEqual(message)
    const log = await client.events(finished.sessionId)
    expect(log.filter(({ type }) => type === 'StreamFinished')).toHaveLength(1)
  },
)

test('E6 integers beyond 2^53 count in the digest as the nearest double', async () => {
  const tool = newTool({ isReadOnly: true, execute: async () => ({ id: 1234567890123456789n }) })
  await using segue = await startSegueWithTools([tool])
  await using client = new ChatClient(segue.url)
  const { id } = await client.start({ text: '/tool files__write {}' })
  const reader = new EventReader(client.followStream(id, 0))
  const { message } = await reader.readUntilType('StreamFinished')
  // This client rounds what it parses.
  expect(JSON.stringify(reader.parts)).toContain('1234567890123456800')
  expect(message?.digest).toBe(computeDigest(reader.parts))
})

test('E7 a cursor ahead of the session gets a StreamReset to continue from, during a stream and after it', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'Half' }, { wait: released }, { text: ' and half.' }, { finish: 'stop' }])
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readUntil(({ text }) => text === 'Half')

  const readers = [provided.newReader(id, 1000), new EventReader(client.followSession(session.id, 1000))]
  for (const reader of readers) {
    const reset = await reader.readUntilType('StreamReset')
    expect(reader.events).toHaveLength(1)
    expect(reset).toMatchObject({ seq: (await client.stream(id)).lastSeq, message: { text: 'Half' } })
  }
  release()
  for (const reader of readers) {
    const [reset, ...rest] = (await reader.readUntilType('StreamFinished'), reader.events)
    const before = reset?.seq ?? 0
    const changes = (await client.events(session.id, before)).filter(({ type }) => type === 'SessionChanged')
    const seqs = new Set(getSeqs([...rest, ...changes]))
    expect(seqs).toEqual(new Set(Array.from({ length: seqs.size }, (_, index) => before + 1 + index)))
    expect(reader.text).toBe('Half and half.')
  }
  await readers[1]?.unsubscribe()

  const after = provided.newReader(id, 1000)
  const [reset, end, ...more] = await after.readToEnd()
  expect(reset).toMatchObject({
    type: 'StreamReset',
    reason: 'CURSOR_AHEAD',
    message: { text: 'Half and half.' },
  })
  expect(end).toMatchObject({ type: 'StreamFinished', seq: (reset?.seq ?? 0) + 1 })
  expect(more).toEqual([])
})

test('E8 a cursor between the end of a stream and the head of its session gets no event', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const first = await client.start({ text: 'One.' })
  await provided.newReader(first.id).readToEnd()
  const second = await client.start({ text: 'Two.', sessionId: first.session.id })
  await provided.newReader(second.id).readToEnd()
  const { lastSeq } = await client.stream(first.id)
  const { headSeq } = await client.session(first.session.id)
  expect(headSeq).toBeGreaterThan(lastSeq)
  for (let after = lastSeq; after <= headSeq; after += 1) {
    expect(await provided.newReader(first.id, after).readToEnd(), `after ${after}`).toEqual([])
  }
  const [reset] = await provided.newReader(first.id, headSeq + 1).readToEnd()
  expect(reset).toMatchObject({ type: 'StreamReset' })
})

test('E9 what an event says itself is as of the event, and the objects that it leads to are as of the delivery', async () => {
  await using provided = await startSegueWithProvider()
  const { client, segue } = provided
  const { id, session } = await client.start({ text: 'Talk.' })
  const end = await provided.newReader(id).readUntilType('StreamFinished')
  const { data } = await post(
    segue.url,
    `query ($id: ID!) { events(sessionId: $id, first: 1) {
      ... on StreamStarted { status stream { status lastSeq session { headSeq activeStream { id } } } } } }`,
    { id: session.id },
  )
  expect(data?.['events']).toEqual([
    {
      status: 'RUNNING',
      // Not the number of events: the deltas of a finished stream are coalesced after a while.
      stream: {
        status: 'COMPLETED',
        lastSeq: end.seq,
        session: { headSeq: end.seq, activeStream: null },
      },
    },
  ])
})

test('E10 a stream names why the model stopped, and the message of an answer that is not whole is PARTIAL', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const reasons = { stop: 'STOP', length: 'LENGTH', content_filter: 'CONTENT_FILTER', refusal: 'REFUSAL', new: 'OTHER' }
  for (const [finish, finishReason] of Object.entries(reasons)) {
    provider.enqueue([{ text: 'One, two' }, { finish }])
    const { id } = await client.start({ text: 'Count.' })
    const end = await provided.newReader(id).readUntilType('StreamFinished')
    expect(end.stream, finish).toMatchObject({ status: 'COMPLETED', finishReason, error: null })
    expect(end.message?.status, finish).toBe(['STOP', 'OTHER'].includes(finishReason) ? 'COMPLETE' : 'PARTIAL')
  }
})

test('E13 a part says when it began and ended, and a step why it ended, also to a client that reads after the end', async () => {
  await using world = await startSegueWithProvider()
  const { client, provider } = world
  provider.enqueue([{ reasoning: 'Hm' }, ...toolCallSteps({ name: 'look', input: {} })])
  provider.enqueue([{ text: 'Half' }, { wait: new Promise(() => {}) }])
  const { id } = await client.start({ text: 'Look.' })
  const live = new EventReader(client.followStream(id))
  await live.readUntilType('TextDelta')
  await client.cancel(id)
  await live.readToEnd()
  const later = new EventReader(client.followStream(id))
  for (const reader of [live, later]) {
    const events = await reader.readToEnd()
    expect(events.filter(({ type }) => type === 'StepFinished')).toMatchObject([
      { step: 0, finishReason: 'TOOL_CALLS' },
    ])
    const ends = events.flatMap((event) => (event.type === 'PartFinished' ? [event] : []))
    expect(ends.map(({ partIndex }) => partIndex)).toEqual([0, 1, 2])
    for (const { partIndex, seq } of ends) {
      const laterParts = events
        .filter((event) => event.seq > seq)
        .map((event) => 'partIndex' in event && event.partIndex)
      expect(laterParts).not.toContain(partIndex)
    }
  }
})
