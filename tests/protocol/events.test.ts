import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ChatClient, type ApiEvent } from '../support/clients/chat-client.ts'
import type { ProviderStep } from '../support/providers/openai-chunks.ts'
import { post } from '../support/server/post.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { computeDigest, toParts, EventReader } from '../support/clients/reader.ts'
import { newTempFolder, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'

const seqs = (events: readonly ApiEvent[]): number[] => events.map(({ seq }) => seq)

/** Answers word by word, slowly enough for each to be an event. */
async function* words(count: number): AsyncGenerator<ProviderStep> {
  for (let word = 1; word <= count; word += 1) {
    yield { text: `word ${word}, ` }
    yield { wait: pause(25) }
  }
  yield { finish: 'stop' }
}

/** A reader who comes back with a cursor, and with what had been told up to there. */
async function readerAt(
  cursor: number,
  told: readonly ApiEvent[],
  source: AsyncGenerator<ApiEvent>,
): Promise<EventReader> {
  const before = new EventReader(replay(...told.filter(({ seq }) => seq <= cursor)))
  await before.readToEnd()
  return new EventReader(source, before.parts)
}

async function* replay(...events: readonly ApiEvent[]): AsyncGenerator<ApiEvent> {
  yield* events
}

test('E1 what any client has seen is in the log of a server that was killed, and the log has no gap', async () => {
  await using provider = await StrictProvider.start()
  const home = newTempFolder()
  const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test' }))
  const argv = ['--port', '0', '--home', home, '--no-hermes']
  provider.enqueue(words(1000))

  const seen: ApiEvent[] = []
  {
    await using server = await startServerProcess({ argv })
    await using client = new ChatClient(server.url)
    const { id } = await client.start({ text: 'Talk.' })
    const reader = new EventReader(client.followStream(id))
    await reader.readUntil(({ events }) => events.length === 15)
    seen.push(...reader.events)
    const rest = reader.readToEnd().catch(() => undefined)
    await server.stop('SIGKILL')
    await rest
  }
  await using server = await startTestSegueWithFlags({ argv })
  await using client = new ChatClient(server.url)
  const [first] = seen
  if (!first) throw new Error('nothing was seen')
  // Deltas are merged soon after the restart, should this come late: their texts follow each other all the same.
  const log = await client.events(first.sessionId)
  const head = log.at(-1)?.seq ?? 0
  const lengths = new Map<string, number>()
  for (const event of log) {
    if (event.type !== 'TextDelta' && event.type !== 'ReasoningDelta') continue
    const part = `${event.messageId}/${event.partIndex}`
    expect(event.offset).toBe(lengths.get(part) ?? 0)
    lengths.set(part, event.offset + event.text.length)
  }
  const isMerged = log.length < head
  if (!isMerged) expect(seqs(log)).toEqual(log.map((_, index) => index + 1))
  const { id } = await client.start({ text: 'Again.', sessionId: first.sessionId })
  expect((await new EventReader(client.followStream(id)).readToEnd())[0]?.seq).toBe(head + 1)

  // What the stream was like then is told as it was told then; what is reached through it is as of now.
  for (const event of seen) {
    const isDelta = event.type === 'TextDelta' || event.type === 'ReasoningDelta'
    if (!isMerged || !isDelta) expect(log).toContainEqual(event)
    else
      expect(lengths.get(`${event.messageId}/${event.partIndex}`)).toBeGreaterThanOrEqual(
        event.offset + event.text.length,
      )
  }
})

test('E2 a reader at any cursor is told every later event once and in order, then the live ones, then the end', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  provider.enqueue(
    (async function* () {
      for await (const step of words(10)) {
        if ('finish' in step) yield { wait: held }
        yield step
      }
    })(),
  )
  const { id, session } = await client.start({ text: 'Talk.' })
  const whole = provided.newReader(id)
  await whole.readUntil(({ text }) => text.includes('word 9'))
  const head = whole.cursor
  const readers = Array.from({ length: head + 1 }, (_, after) => Array.fromAsync(client.followStream(id, after)))
  const follower = await readerAt(3, whole.events, client.followSession(session.id, 3))
  await follower.next()
  go()

  const all = await whole.readToEnd()
  expect(seqs(all)).toEqual(all.map((_, index) => index + 1))
  expect(all.at(-1)).toMatchObject({ type: 'StreamFinished' })
  for (const [after, told] of readers.entries()) {
    expect(seqs(await told), `after ${after}`).toEqual(seqs(all.filter(({ seq }) => seq > after)))
  }

  // Of the session there is more to tell when the stream is over.
  await follower.readUntilType('StreamFinished')
  const next = await client.start({ text: 'More.', sessionId: session.id })
  await follower.readUntil(({ cursor }) => cursor > all.length)
  expect(follower.events.at(-1)).toMatchObject({ type: 'StreamStarted', streamId: next.id })
  expect(seqs(follower.events)).toEqual(follower.events.map((_, index) => index + 4))
  await follower.unsubscribe()
})

test('E3 each delta has its place, and applying events twice changes nothing', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([
    { reasoning: 'Well, ' },
    { wait: pause(30) },
    { reasoning: 'yes. ' },
    ...(await Array.fromAsync(words(5))),
  ])
  const { id } = await client.start({ text: 'Talk.' })
  const reader = provided.newReader(id)
  const events = await reader.readToEnd()
  const { message } = await client.stream(id)
  if (!message) throw new Error('nothing was said')
  expect(reader.parts).toEqual(toParts(message))

  const [first, ...rest] = events
  if (!first) throw new Error('nothing was told')
  const twice = new EventReader(replay(first, ...rest.flatMap((event) => [event, event]), ...rest))
  await twice.readToEnd()
  expect(twice.parts).toEqual(toParts(message))
})

test('E4 an event carries at most 65,536 code units of text, and never half of a pair', async () => {
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

/** A chunk of the arguments of one of two calls that come in at the same time. */
function argumentsChunk(index: number, text: string, head: object = {}): ProviderStep {
  const call = { index, ...head, function: { ...('id' in head && { name: 'nothing' }), arguments: text } }
  const choices = [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }]
  const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'test', choices }
  return { raw: `data: ${JSON.stringify(chunk)}` }
}

test('E5 a reader who is far behind is told many events as a few, and has the same text from whatever it was told last', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  const rounds = Array.from({ length: 400 }, (_, round) => round)
  provider.enqueue([
    argumentsChunk(0, '{"a":"', { id: 'call_0', type: 'function' }),
    argumentsChunk(1, '{"a":"', { id: 'call_1', type: 'function' }),
    ...rounds.flatMap((round) => [argumentsChunk(0, `${round} `), argumentsChunk(1, `${-round} `)]),
    argumentsChunk(0, '"}'),
    argumentsChunk(1, '"}'),
    { finish: 'tool_calls' },
  ])
  provider.enqueue([{ text: 'Done' }, { wait: held }, { text: ' and done.' }, { finish: 'stop' }])
  const { id } = await client.start({ text: 'Call.' })
  const live = provided.newReader(id)
  await live.readUntil(({ text }) => text === 'Done')
  const { lastSeq } = await client.stream(id)
  expect(lastSeq).toBeGreaterThan(800)

  const behind = provided.newReader(id)
  await behind.readUntil(({ text }) => text === 'Done')
  expect(behind.events.length).toBeLessThan(30)
  expect(behind.parts).toEqual(live.parts)
  expect(seqs(behind.events)).toEqual(seqs(behind.events).toSorted((a, b) => a - b))
  // A cursor is the seq of something that was told: the live reader may have been behind, too, for a while.
  const toldNear = (seq: number): number => live.events.find((event) => event.seq >= seq)?.seq ?? 0
  for (const cursor of [1, 100, 401, lastSeq - 300].map(toldNear)) {
    const back = await readerAt(cursor, live.events, client.followStream(id, cursor))
    await back.readUntil(({ text }) => text === 'Done')
    expect(back.parts, `after ${cursor}`).toEqual(live.parts)
    await back.unsubscribe()
  }
  for (const { seq } of behind.events) {
    const back = await readerAt(seq, behind.events, client.followStream(id, seq))
    await back.readUntil(({ text }) => text === 'Done')
    expect(back.parts, `after ${seq}`).toEqual(live.parts)
    await back.unsubscribe()
  }
  go()
  await live.readToEnd()

  // When it is over, from a cursor in the middle of a part too, and however far the merge on disk is.
  for (const cursor of [0, 5, 400, lastSeq - 10].map(toldNear)) {
    const back = await readerAt(cursor, live.events, client.followStream(id, cursor))
    await back.readToEnd()
    expect(back.parts, `after ${cursor}`).toEqual(live.parts)
    expect(back.cursor).toBe(live.cursor)
  }
})

test.for(['COMPLETED', 'CANCELLED', 'FAILED'] as const)(
  'E6 a stream ends with one StreamFinished, whose message is the fold of all events and what is kept: %s',
  async (status) => {
    await using provided = await startSegueWithProvider()
    const { client, provider } = provided
    const { promise: held, resolve: go } = Promise.withResolvers<void>()
    provider.enqueue([
      { reasoning: 'Hm.' },
      { text: 'Half' },
      { wait: held },
      status === 'FAILED' ? { cut: true } : { finish: 'stop' },
    ])
    const { id } = await client.start({ text: 'Talk.' })
    const reader = provided.newReader(id)
    await reader.readUntil(({ text }) => text === 'Half')
    if (status === 'CANCELLED') await client.cancel(id)
    go()
    const finished = await reader.readUntilType('StreamFinished')
    expect(await reader.next()).toBeNull()
    expect(finished.stream.status).toBe(status)
    const { message } = finished
    if (!message) throw new Error('nothing was said')
    expect(toParts(message)).toEqual(reader.parts)
    expect(message.digest).toBe(computeDigest(reader.parts))
    expect(await client.message(message.id)).toEqual(message)
    const log = await client.events(finished.sessionId)
    expect(log.filter(({ type }) => type === 'StreamFinished')).toHaveLength(1)
  },
)

test('E7 a cursor from nowhere is answered with a StreamReset to go on from, while a stream runs and after it', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'Half' }, { wait: held }, { text: ' and half.' }, { finish: 'stop' }])
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readUntil(({ text }) => text === 'Half')

  const lost = [provided.newReader(id, 1000), new EventReader(client.followSession(session.id, 1000))]
  for (const reader of lost) {
    const reset = await reader.readUntilType('StreamReset')
    expect(reader.events).toHaveLength(1)
    expect(reset).toMatchObject({ seq: (await client.stream(id)).lastSeq, message: { text: 'Half' } })
  }
  go()
  for (const reader of lost) {
    const [reset, ...rest] = (await reader.readUntilType('StreamFinished'), reader.events)
    expect(seqs(rest)).toEqual(rest.map((_, index) => (reset?.seq ?? 0) + 1 + index))
    expect(reader.text).toBe('Half and half.')
  }
  await lost[1]?.unsubscribe()

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

test('E8 a cursor behind a stream and not beyond its session has nothing left to be told', async () => {
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

test('E9 what an event holds is as of the event, what is reached through it is as of now', async () => {
  await using provided = await startSegueWithProvider()
  const { client, segue } = provided
  const { id, session } = await client.start({ text: 'Talk.' })
  const all = await provided.newReader(id).readToEnd()
  const { data } = await post(
    segue.url,
    `query ($id: ID!) { events(sessionId: $id, first: 1) {
      ... on StreamStarted { stream { status lastSeq finishedAt session { headSeq activeStream { id } } } } } }`,
    { id: session.id },
  )
  const shown = z.array(z.object({ stream: z.unknown() })).parse(data?.['events'])
  expect(shown[0]?.stream).toEqual({
    status: 'RUNNING',
    lastSeq: 1,
    finishedAt: null,
    session: { headSeq: all.length, activeStream: null },
  })
})
