import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import type { ChatEvent, DeliveredEvent } from '../../../../src/model/chat-event.ts'
import { type ScriptedAnswer, newLatch, newChatFixture } from '../../../support/fixtures/agent-chats.ts'
import type { ApiEvent } from '../../../support/clients/chat-client.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../../support/server/segue-with-provider.ts'
import { foldParts, toParts, EventReader } from '../../../support/clients/reader.ts'
import type { ProviderStep } from '../../../support/providers/strict-provider.ts'
import { yieldToEventLoop } from '../../../../src/lib/yield-to-event-loop.ts'

const look: ProviderStep = { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at":', ' "Paris"', '}'] } }

let world: SegueWithProvider

beforeEach(async () => {
  world = await startSegueWithProvider()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

/** An answer with everything in it, held in the middle of its text. */
async function held(): Promise<{ streamId: string; sessionId: string; reader: EventReader; goOn: () => void }> {
  const middle = newLatch()
  world.provider.enqueue([
    { reasoning: 'Hm' },
    { reasoning: ', well.' },
    { text: 'Let me see.' },
    look,
    { finish: 'tool_calls' },
  ])
  world.provider.enqueue([
    ...['It ', 'is 👋 ', 'he'].map((text) => ({ text })),
    { wait: middle.opened },
    ...['re.', ' Bye.'].map((text) => ({ text })),
    { finish: 'stop' },
    { usage: { input: 10, output: 5 } },
  ])
  const stream = await world.client.start({ text: 'Where?' })
  const reader = world.newReader(stream.id)
  await reader.readUntil(() => reader.text.endsWith(' he'))
  return { streamId: stream.id, sessionId: stream.session.id, reader, goOn: () => middle.open() }
}

/** Somebody who comes back with what was told up to a cursor. */
function resume(streamId: string, { events }: EventReader, cursor: number): EventReader {
  const before = foldParts(events.filter(({ seq }) => seq <= cursor))
  return new EventReader(world.newClient().followStream(streamId, cursor), before)
}

/**
 * A reader who came with a cursor was told what the first one was, behind that cursor: each event once and in order,
 * to the same message. Deltas may have been merged by then, so that there are fewer of them.
 */
function expectSameFrom(cursor: number, told: EventReader, first: EventReader): void {
  const seqs = first.events.map(({ seq }) => seq).filter((seq) => seq > cursor)
  expect(seqs).toEqual(expect.arrayContaining(told.events.map(({ seq }) => seq)))
  expect(told.events.map(({ seq }) => seq)).toEqual(ascending(told.events))
  expect(told.events.filter(isWhole)).toEqual(first.events.filter((event) => event.seq > cursor && isWhole(event)))
  if (told.events.length > 0) expect(told.parts).toEqual(first.parts)
}

const isWhole = ({ type }: ApiEvent): boolean => !type.endsWith('Delta')

function ascending(events: readonly { readonly seq: number }[]): number[] {
  return [...new Set(events.map(({ seq }) => seq))].sort((a, b) => a - b)
}

describe('a stream is followed from any cursor', () => {
  test('while it runs and at its end: every later event once, in order, then the end', async () => {
    const { streamId, reader, goOn } = await held()
    const cursors = [0, ...reader.events.map(({ seq }) => seq)]
    const readers = cursors.map((cursor) => resume(streamId, reader, cursor))
    // Each is there before the rest is.
    await Promise.all(readers.slice(0, -1).map((each) => each.next()))
    goOn()
    await reader.readToEnd()
    for (const [index, each] of readers.entries()) {
      await each.readToEnd()
      expectSameFrom(cursors[index] ?? 0, each, reader)
    }
    expect(reader.events.at(-1)?.type).toBe('StreamFinished')
  })

  test('after its end', async () => {
    const { streamId, reader, goOn } = await held()
    goOn()
    await reader.readToEnd()
    for (const cursor of [0, ...reader.events.map(({ seq }) => seq)]) {
      const late = resume(streamId, reader, cursor)
      await late.readToEnd()
      expectSameFrom(cursor, late, reader)
    }
  })

  test('among other streams of its session, whose events it is not told', async () => {
    const { streamId, sessionId, reader, goOn } = await held()
    const queued = await world.client.start({ sessionId, text: 'And?', ifBusy: 'QUEUE' })
    goOn()
    await world.newReader(queued.id).readToEnd()
    await reader.readToEnd()
    expect(new Set(reader.events.map((event) => event.streamId))).toEqual(new Set([streamId]))
    const late = world.newReader(streamId)
    await late.readToEnd()
    expectSameFrom(0, late, reader)
  })

  test('resume-mid-message: what was told before and what is told after make the saved message', async () => {
    const { streamId, reader, goOn } = await held()
    await reader.unsubscribe()
    goOn()
    const resumed = resume(streamId, reader, reader.cursor)
    const { message } = await resumed.readUntilType('StreamFinished')
    expect(message && toParts(message)).toEqual(resumed.parts)
    expect(message?.text).toBe('Let me see.It is 👋 here. Bye.')
  })

  test('resume-before-first-token: who comes back before anything was streamed gets everything', async () => {
    const first = newLatch()
    world.provider.enqueue([{ open: true }, { wait: first.opened }, { text: 'Hello' }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi' })
    const reader = world.newReader(stream.id)
    await reader.next()
    await reader.unsubscribe()
    const resumed = resume(stream.id, reader, reader.cursor)
    const from0 = world.newReader(stream.id)
    await from0.next()
    first.open()
    await Promise.all([resumed.readToEnd(), from0.readToEnd()])
    expect(resumed.text).toBe('Hello')
    expectSameFrom(reader.cursor, resumed, from0)
  })

  test('double-resume: two reconnects in a row duplicate nothing', async () => {
    const { streamId, reader, goOn } = await held()
    const cursor = reader.cursor
    const [once, twice] = [resume(streamId, reader, cursor), resume(streamId, reader, cursor)]
    goOn()
    await Promise.all([once.readToEnd(), twice.readToEnd(), reader.readToEnd()])
    for (const each of [once, twice]) expectSameFrom(cursor, each, reader)
  })

  test('by any number of readers, who come and go, and none of whom stops it', async () => {
    const { streamId, reader, goOn } = await held()
    const readers = Array.from({ length: 50 }, () => world.newReader(streamId))
    await Promise.all(readers.map((each) => each.next()))
    for (const leaving of readers.slice(0, 25)) await leaving.unsubscribe()
    const gone = world.newClient()
    await new EventReader(gone.followStream(streamId)).next()
    await gone[Symbol.asyncDispose]()
    goOn()
    await reader.readToEnd()
    for (const staying of readers.slice(25)) {
      await staying.readToEnd()
      expectSameFrom(0, staying, reader)
    }
    expect((await world.client.stream(streamId)).status).toBe('COMPLETED')
  })

  test('when all have left, it goes on to its end', async () => {
    const { streamId, reader, goOn } = await held()
    const starter = new EventReader(world.client.streamChat({ text: 'Me too' }))
    const own = await starter.readUntilType('StreamStarted')
    await starter.unsubscribe()
    await reader.unsubscribe()
    goOn()
    for (const id of [streamId, own.stream.id]) {
      expect((await world.newReader(id).readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
    }
  })

  test('of a stream that never was: NOT_FOUND', async () => {
    await expect(world.newReader('str_00000000000000000000000000').next()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(new EventReader(world.client.followSession('no')).next()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(world.newReader('str_00000000000000000000000000', -1).next()).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })
})

describe('as long as nothing is merged', () => {
  test('a reader gets every event behind its cursor, each once, from any cursor, during the stream and after it', async () => {
    const middle = newLatch()
    const unmerged = newLatch()
    await using scripted = newChatFixture(async function* () {
      for (let n = 0; n < 20; n += 1) {
        yield { type: n % 2 === 0 ? 'text' : 'reasoning', block: `${n}`, text: `${n}` }
        await yieldToEventLoop()
        if (n === 10) await middle.opened
      }
    })
    scripted.hooks.beforeReplace = () => unmerged.opened
    try {
      const stream = await scripted.start('Hi')
      for await (const event of await scripted.chats.subscriptions.subscribeToStream(stream.id, 0)) {
        if ('partIndex' in event && event.partIndex === 10) break
      }
      const readings = Array.from({ length: 5 }, (_, cursor) => scripted.follow(stream.id, cursor))
      const session = await scripted.chats.subscriptions.subscribeToSession(stream.sessionId, 0)
      await scripted.start('Next', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
      middle.open()
      const during = await Promise.all(readings)
      const log = await scripted.readLog(stream.sessionId)
      const mine = log.filter(({ streamId }) => streamId === stream.id)
      expect(mine.length).toBeGreaterThan(20)
      for (const [cursor, told] of during.entries()) expect(told).toEqual(mine.filter(({ seq }) => seq > cursor))
      for (const { seq } of mine.slice(0, -1)) {
        expect(await scripted.follow(stream.id, seq)).toEqual(mine.filter((event) => event.seq > seq))
      }
      const all: DeliveredEvent[] = []
      for await (const event of session) {
        all.push(event)
        if (event.type === 'StreamFinished' && event.streamId !== stream.id) break
      }
      expect(all).toEqual(await scripted.readLog(stream.sessionId))
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1))
    } finally {
      unmerged.open()
    }
  })
})

describe('a session is followed', () => {
  test('across its streams: every event, none twice, without an end', async () => {
    const { sessionId, goOn } = await held()
    const reader = new EventReader(world.client.followSession(sessionId))
    await reader.readUntil(() => reader.text.endsWith(' he'))
    const queued = await world.client.start({ sessionId, text: 'And?', ifBusy: 'QUEUE' })
    goOn()
    await reader.readUntil(({ events }) => isEndOf(queued.id, events.at(-1)))
    const again = await world.client.start({ sessionId, text: 'Again' })
    await reader.readUntil(({ events }) => isEndOf(again.id, events.at(-1)))
    expect(reader.events.map(({ seq }) => seq)).toEqual(ascending(reader.events))
    expect(reader.events.filter(({ type }) => type === 'StreamFinished')).toHaveLength(3)

    const late = new EventReader(world.client.followSession(sessionId, 3))
    await late.readUntil(({ events }) => isEndOf(again.id, events.at(-1)))
    expectSameFrom(3, late, reader)
    // Both are still there.
    const last = await world.client.start({ sessionId, text: 'Last' })
    for (const each of [reader, late]) await each.readUntil(({ events }) => isEndOf(last.id, events.at(-1)))
    expectSameFrom(3, late, reader)
  })

  test('that is empty, from its first event on', async () => {
    const sessionId = await world.client.createSession()
    const reader = new EventReader(world.client.followSession(sessionId))
    const first = reader.next()
    // Asked for over another connection: the server answers in between.
    await world.client.session(sessionId)
    const stream = await world.client.start({ sessionId, text: 'Hi' })
    expect(await first).toMatchObject({ type: 'StreamStarted', seq: 1 })
    await reader.readUntil(({ events }) => isEndOf(stream.id, events.at(-1)))
  })
})

function isEndOf(streamId: string, event: ApiEvent | undefined): boolean {
  return event?.type === 'StreamFinished' && event.streamId === streamId
}

describe('reset-is-signalled: a cursor that no event has reached', () => {
  test('in a stream that runs: the message so far, and from there on', async () => {
    const { streamId, sessionId, reader, goOn } = await held()
    const lost = world.newReader(streamId, 1_000_000)
    expect(await lost.next()).toMatchObject({
      type: 'StreamReset',
      reason: 'CURSOR_AHEAD',
      seq: reader.cursor,
      sessionId,
      streamId,
      message: { status: 'STREAMING' },
    })
    expect(lost.parts).toEqual(reader.parts)
    goOn()
    await Promise.all([lost.readToEnd(), reader.readToEnd()])
    expect(lost.parts).toEqual(reader.parts)
  })

  test('in a stream that runs and has said nothing yet', async () => {
    const first = newLatch()
    world.provider.enqueue([{ wait: first.opened }, { text: 'Hello' }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi' })
    const lost = world.newReader(stream.id, 99)
    expect(await lost.next()).toMatchObject({ type: 'StreamReset', message: null, seq: 1 })
    first.open()
    await lost.readToEnd()
    expect(lost.text).toBe('Hello')
  })

  test('in a stream that is over: its message, and its end once more', async () => {
    const { streamId, reader, goOn } = await held()
    goOn()
    await reader.readToEnd()
    const lost = world.newReader(streamId, 1_000_000)
    await lost.readToEnd()
    expect(lost.events).toMatchObject([
      { type: 'StreamReset', seq: reader.cursor - 1, message: { status: 'STREAMING', usage: null } },
      { type: 'StreamFinished', seq: reader.cursor, message: { status: 'COMPLETE' } },
    ])
    expect(lost.parts).toEqual(reader.parts)
  })

  test('in a stream that waits: nothing yet, then everything', async () => {
    const { sessionId, goOn } = await held()
    const queued = await world.client.start({ sessionId, text: 'And?', ifBusy: 'QUEUE' })
    const lost = world.newReader(queued.id, 1_000_000)
    expect(await lost.next()).toMatchObject({ type: 'StreamReset', seq: queued.lastSeq, message: null })
    goOn()
    expect(await lost.next()).toMatchObject({ type: 'StreamChanged', stream: { status: 'RUNNING' } })
    expect((await lost.readUntilType('StreamFinished')).message?.text).toBe(lost.text)
  })

  test('in a session: the answer that is being made, and from there on', async () => {
    const { streamId, sessionId, reader, goOn } = await held()
    const lost = new EventReader(world.client.followSession(sessionId, 1_000_000))
    expect(await lost.next()).toMatchObject({ type: 'StreamReset', streamId, seq: reader.cursor })
    expect(lost.parts).toEqual(reader.parts)
    goOn()
    await lost.readUntil(({ events }) => isEndOf(streamId, events.at(-1)))
    expect(lost.text).toBe('Let me see.It is 👋 here. Bye.')

    const idle = new EventReader(world.client.followSession(sessionId, 1_000_000))
    expect(await idle.next()).toMatchObject({
      type: 'StreamReset',
      seq: lost.cursor,
      message: null,
      streamId: null,
    })
    const next = await world.client.start({ sessionId, text: 'Next' })
    expect(await idle.next()).toMatchObject({ type: 'StreamStarted', streamId: next.id, seq: lost.cursor + 1 })
  })

  test('in streamChat that joins', async () => {
    const middle = newLatch()
    world.provider.enqueue([{ text: 'Hel' }, { wait: middle.opened }, { text: 'lo' }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi', key: 'k' })
    await world.newReader(stream.id).readUntil((reader) => reader.text === 'Hel')
    const lost = new EventReader(world.client.streamChat({ text: 'Hi', key: 'k' }, 500))
    expect(await lost.next()).toMatchObject({ type: 'StreamReset', message: { text: 'Hel' } })
    middle.open()
    await lost.readToEnd()
    expect(lost.text).toBe('Hello')
  })

  test('is none when it lies between a stream’s end and the session’s: it just completes', async () => {
    const stream = await world.client.start({ text: 'Hi' })
    const first = world.newReader(stream.id)
    await first.readToEnd()
    const sessionId = stream.session.id
    await world.newReader((await world.client.start({ sessionId, text: 'Again' })).id).readToEnd()
    const { headSeq } = await world.client.session(sessionId)
    for (const cursor of [first.cursor, first.cursor + 1, headSeq]) {
      expect(await world.newReader(stream.id, cursor).readToEnd()).toEqual([])
    }
    expect(await world.newReader(stream.id, headSeq + 1).readToEnd()).toMatchObject([
      { type: 'StreamReset' },
      { type: 'StreamFinished' },
    ])
  })
})

describe('a key', () => {
  test('joins the same stream from any client, during it and long after', async () => {
    const middle = newLatch()
    world.provider.enqueue([{ text: 'Hel' }, { wait: middle.opened }, { text: 'lo' }, { finish: 'stop' }])
    const input = { text: 'Hi', key: 'a key of mine' }
    const first = new EventReader(world.client.streamChat(input))
    await first.readUntil(() => first.text === 'Hel')
    const streamId = first.events[0]?.streamId
    const during = Array.from({ length: 5 }, () => new EventReader(world.newClient().streamChat(input)))
    await Promise.all(during.map((each) => each.readUntil(() => each.text === 'Hel')))
    expect((await world.newClient().start(input)).id).toBe(streamId)
    middle.open()
    await first.readToEnd()
    for (const each of during) {
      await each.readToEnd()
      expectSameFrom(0, each, first)
    }

    const late = new EventReader(world.newClient().streamChat(input))
    await late.readToEnd()
    expectSameFrom(0, late, first)
    const behind = new EventReader(world.newClient().streamChat(input, first.cursor - 1))
    expect(await behind.readToEnd()).toEqual(first.events.slice(-1))
    expect(await new EventReader(world.newClient().streamChat(input, first.cursor)).readToEnd()).toEqual([])
    expect((await world.newClient().start(input)).id).toBe(streamId)
    expect(world.provider.requests).toHaveLength(1)
  })

  test('that many clients begin with at the same moment begins one answer', async () => {
    const readers = Array.from(
      { length: 20 },
      () => new EventReader(world.newClient().streamChat({ text: 'Hi', key: 'k' })),
    )
    await Promise.all(readers.map((reader) => reader.readToEnd()))
    for (const { events, text } of readers) {
      expect(events[0]).toEqual(readers[0]?.events[0])
      expect(events.at(-1)).toEqual(readers[0]?.events.at(-1))
      expect(text).toBe('Hello from the strict provider.')
    }
    expect(world.provider.requests).toHaveLength(1)
  })

  test('with other input is refused, also after the end', async () => {
    const sessionId = await world.client.createSession()
    const stream = await world.client.start({ sessionId, text: 'Hi', key: 'k' })
    const others = [{ text: 'Hi' }, { sessionId, text: 'Hello' }, { sessionId, text: 'Hi', model: 'strict/other' }]
    for (let round = 0; round < 2; round += 1) {
      for (const input of others) {
        const joined = new EventReader(world.client.streamChat({ ...input, key: 'k' })).next()
        await expect(joined).rejects.toMatchObject({
          code: 'IDEMPOTENCY_MISMATCH',
          extensions: { streamId: stream.id },
        })
      }
      await world.newReader(stream.id).readToEnd()
    }
    expect(world.provider.requests).toHaveLength(1)
  })
})

describe('a log of 2,500 deltas', () => {
  const parts = { reasoning: 500, text: 1000, tool: 500, last: 500 }
  const word = (n: number): string => `${n}👋 `

  const texts: readonly string[] = [
    Array.from({ length: parts.reasoning }, (_, n) => word(n)).join(''),
    Array.from({ length: parts.text }, (_, n) => word(n)).join(''),
    `"${Array.from({ length: parts.tool }, (_, n) => word(n)).join('')}"`,
    Array.from({ length: parts.last }, (_, n) => word(n)).join(''),
  ]

  function* everything(): Generator<AgentEvent> {
    for (let n = 0; n < parts.reasoning; n += 1) yield { type: 'reasoning', block: '1', text: word(n) }
    for (let n = 0; n < parts.text; n += 1) yield { type: 'text', block: '2', text: word(n) }
    const call = { callId: 'call_1', name: 'look' }
    yield { type: 'tool-input', ...call, text: '"' }
    for (let n = 0; n < parts.tool; n += 1) yield { type: 'tool-input', ...call, text: word(n) }
    yield { type: 'tool-input', ...call, text: '"' }
    yield { type: 'tool-call', ...call, argumentsText: texts[2] ?? '' }
    yield { type: 'tool-error', callId: 'call_1', error: 'There is none.' }
    for (let n = 0; n < parts.last; n += 1) yield { type: 'text', block: '3', text: word(n) }
  }

  /** Each delta is a commit of its own: by the clock that the grouping looks at, there is a while between any two. */
  function slowly(events: () => Iterable<AgentEvent>, until: Promise<unknown> = Promise.resolve()): ScriptedAnswer {
    return async function* () {
      for (const event of events()) {
        vi.advanceTimersByTime(25)
        yield event
        await yieldToEventLoop()
      }
      await until
    }
  }

  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  /** The texts of the parts, with what was told applied to what was there. */
  function applied(before: readonly string[], events: readonly (ChatEvent | DeliveredEvent)[]): string[] {
    const after = [...before]
    for (const event of events) {
      if (event.type === 'ToolCallChanged') after[event.partIndex] = event.toolCall.argumentsText
      if (event.type !== 'TextDelta' && event.type !== 'ReasoningDelta' && event.type !== 'ToolCallDelta') continue
      const text = event.type === 'ToolCallDelta' ? event.argumentsText : event.text
      const known = after[event.partIndex] ?? ''
      // Without `expect`, which would take longer than all that is looked at: this runs a hundred thousand times.
      if (event.offset > known.length) throw new Error(`there is a hole before ${event.seq}`)
      after[event.partIndex] = known.slice(0, event.offset) + text + known.slice(event.offset + text.length)
    }
    return after
  }

  /** From many cursors, mid-part ones too: few events, the same text, in order, up to the end. */
  async function expectCheapEverywhere(
    scripted: ReturnType<typeof newChatFixture>,
    streamId: string,
    full: readonly ChatEvent[],
  ) {
    for (let cursor = 0; cursor < full.length; cursor += 331) {
      const told = await scripted.follow(streamId, cursor)
      expect(applied(applied([], full.slice(0, cursor)), told)).toEqual(texts)
      expect(told.at(-1)).toMatchObject({ type: 'StreamFinished', seq: full.length })
      const seqs = told.map(({ seq }) => seq)
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
      // One that is not far behind gets them one by one.
      if (full.length - cursor > 256) expect(told.length, `from ${cursor}`).toBeLessThan(30)
    }
  }

  test('is caught up with in a few events, from any cursor, before the merge on disk, during it and after it', async () => {
    await using scripted = newChatFixture(slowly(everything))
    const removals: { seqs: readonly number[]; release: () => void }[] = []
    const arrivals = new EventTarget()
    scripted.hooks.beforeRemove = async (seqs) => {
      const release = newLatch()
      removals.push({ seqs, release: release.open })
      arrivals.dispatchEvent(new Event('removal'))
      await release.opened
    }
    const stream = await scripted.start('Hi')
    const first = await scripted.follow(stream.id)
    expect(applied([], first)).toEqual(texts)

    const full = await scripted.readLog(stream.sessionId)
    expect(full.filter(({ type }) => type.endsWith('Delta')).length).toBeGreaterThanOrEqual(2500)
    expect(full.map(({ seq }) => seq)).toEqual(full.map((_, index) => index + 1))
    await expectCheapEverywhere(scripted, stream.id, full)

    // The merge goes in slices; in between, anybody may read.
    let removed = 0
    for (let slice = 0; removed < 2450; slice += 1) {
      while (!removals[slice])
        await new Promise((resolve) => arrivals.addEventListener('removal', resolve, { once: true }))
      if (slice % 3 === 0) await expectCheapEverywhere(scripted, stream.id, full)
      removed += removals[slice]?.seqs.length ?? 0
      expect(removals[slice]?.seqs.length).toBeLessThanOrEqual(500)
      removals[slice]?.release()
    }
    delete scripted.hooks.beforeRemove
    await scripted.chats.close()
    expect((await scripted.readLog(stream.sessionId)).length).toBeLessThan(30)
    await expectCheapEverywhere(scripted, stream.id, full)
    expect((await scripted.findAnswer(stream.id))?.parts).toHaveLength(4)
  }, 60_000)

  test('a reader who comes while it grows catches up in a few events, then gets each as it comes', async () => {
    const said = newLatch()
    const more = newLatch()
    await using scripted = newChatFixture(async function* (run) {
      yield* slowly(everything)(run)
      said.open()
      await more.opened
      yield* slowly(() => [1, 2, 3].map((n) => ({ type: 'text', block: '3', text: word(n) })))(run)
    })
    const stream = await scripted.start('Hi')
    const reading = await scripted.chats.subscriptions.subscribeToStream(stream.id, 0)
    // It does not read on before everything is there.
    expect((await reading.next()).value).toMatchObject({ type: 'StreamStarted' })
    await said.opened
    const head = (await scripted.readLog(stream.sessionId)).length
    expect(head).toBeGreaterThan(2500)
    const told: DeliveredEvent[] = []
    for await (const event of reading) {
      told.push(event)
      if (event.seq === head) more.open()
    }
    expect(told.length).toBeLessThan(30)
    expect(told.slice(-4).map(({ type }) => type)).toEqual(['TextDelta', 'TextDelta', 'TextDelta', 'StreamFinished'])
    expect(applied([], told)).toEqual([...texts.slice(0, 3), texts[3] + [1, 2, 3].map(word).join('')])
  }, 60_000)

  test('a session with many streams is caught up with in a few events a stream', async () => {
    await using scripted = newChatFixture(slowly(everything))
    const first = await scripted.start('Hi')
    await scripted.follow(first.id)
    const second = await scripted.start('Again', { sessionId: first.sessionId })
    await scripted.follow(second.id)
    const told: DeliveredEvent[] = []
    for await (const event of await scripted.chats.subscriptions.subscribeToSession(first.sessionId, 0)) {
      told.push(event)
      if (event.type === 'StreamFinished' && event.streamId === second.id) break
    }
    expect(told.length).toBeLessThan(60)
    for (const { id } of [first, second]) {
      expect(
        applied(
          [],
          told.filter(({ streamId }) => streamId === id),
        ),
      ).toEqual(texts)
    }
  }, 60_000)
})

describe('lost-wake-up-still-ends', () => {
  // A reader looks once for a page, and once more when it has begun to wait.
  test.each([1, 2])('a whole answer that is committed behind the back of look %i is told to the end', async (which) => {
    await using scripted = newChatFixture(async function* () {
      yield { type: 'text', block: '1', text: 'Hello' }
    })
    const { id, sessionId } = await scripted.start('Hi')
    await scripted.follow(id)
    const head = (await scripted.readLog(sessionId)).length
    const looking = newLatch()
    const ended = newLatch()
    let looks = 0
    const lookAgain = async (): Promise<void> => {
      looks += 1
      if (looks !== which) return
      looking.open()
      // It saw nothing, and knows it only when everything is over.
      await ended.opened
    }
    scripted.hooks.afterRead = (_, events) => (events.length > 0 ? undefined : lookAgain())
    scripted.hooks.afterHeadSeq = lookAgain
    const reading = await scripted.chats.subscriptions.subscribeToSession(sessionId, head)
    const first = reading.next()
    await looking.opened
    const stream = await scripted.start('Again', { sessionId })
    expect((await scripted.chats.cancel(stream.id)).stream.finishedAt).not.toBeNull()
    ended.open()
    expect((await first).value).toMatchObject({ type: 'StreamStarted', seq: head + 1 })
    for await (const event of reading) if (event.type === 'StreamFinished') break
  })
})
