import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import type { ChatEvent, DeliveredEvent } from '../../../../src/model/chat-event.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { type ScriptedAnswer, newLatch, newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'

describe('a log of 2,500 deltas', () => {
  const parts = { reasoning: 500, text: 1000, tool: 500, last: 500 }
  const toWord = (n: number): string => `${n}👋 `

  const texts: readonly string[] = [
    Array.from({ length: parts.reasoning }, (_, n) => toWord(n)).join(''),
    Array.from({ length: parts.text }, (_, n) => toWord(n)).join(''),
    `"${Array.from({ length: parts.tool }, (_, n) => toWord(n)).join('')}"`,
    Array.from({ length: parts.last }, (_, n) => toWord(n)).join(''),
  ]

  function* allDeltas(): Generator<AgentEvent> {
    for (let n = 0; n < parts.reasoning; n += 1) yield { type: 'reasoning', block: '1', text: toWord(n) }
    for (let n = 0; n < parts.text; n += 1) yield { type: 'text', block: '2', text: toWord(n) }
    const call = { callId: 'call_1', name: 'look' }
    yield { type: 'tool-input', ...call, text: '"' }
    for (let n = 0; n < parts.tool; n += 1) yield { type: 'tool-input', ...call, text: toWord(n) }
    yield { type: 'tool-input', ...call, text: '"' }
    yield { type: 'tool-call', ...call, argumentsText: texts[2] ?? '' }
    yield { type: 'tool-error', callId: 'call_1', error: 'There is none.' }
    for (let n = 0; n < parts.last; n += 1) yield { type: 'text', block: '3', text: toWord(n) }
  }

  /** Makes each delta a commit of its own, by advancing the clock of the group commit between them. */
  function commitEach(events: () => Iterable<AgentEvent>, until: Promise<unknown> = Promise.resolve()): ScriptedAnswer {
    return async function* () {
      for (const event of events()) {
        vi.advanceTimersByTime(25)
        yield event
        // In one turn the stream asks for a commit, in the next one it is made.
        for (let turn = 0; turn < 2; turn += 1) await yieldToEventLoop()
      }
      await until
    }
  }

  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  /** The texts of the parts after some events. */
  function applyDeltas(before: readonly string[], events: readonly (ChatEvent | DeliveredEvent)[]): string[] {
    const after = [...before]
    for (const event of events) {
      if (event.type === 'ToolCallChanged') after[event.partIndex] = event.toolCall.argumentsText
      if (event.type !== 'TextDelta' && event.type !== 'ReasoningDelta' && event.type !== 'ToolCallDelta') continue
      const text = event.type === 'ToolCallDelta' ? event.argumentsText : event.text
      const known = after[event.partIndex] ?? ''
      // No `expect`: this runs a hundred thousand times.
      if (event.offset > known.length) throw new Error(`There is a gap before ${event.seq}.`)
      after[event.partIndex] = known.slice(0, event.offset) + text + known.slice(event.offset + text.length)
    }
    return after
  }

  /** Expects few events with the same text, in order and up to the end, from many cursors, also within parts. */
  async function expectFewEventsFromAnyCursor(
    chats: ReturnType<typeof newChatFixture>,
    streamId: string,
    full: readonly ChatEvent[],
  ) {
    for (let cursor = 0; cursor < full.length; cursor += 331) {
      const received = await chats.follow(streamId, cursor)
      expect(applyDeltas(applyDeltas([], full.slice(0, cursor)), received)).toEqual(texts)
      expect(received.at(-1)).toMatchObject({ type: 'StreamFinished', seq: full.length })
      const seqs = received.map(({ seq }) => seq)
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
      // A reader that is nearly up to date receives single events.
      if (full.length - cursor > 256) expect(received.length, `from ${cursor}`).toBeLessThan(30)
    }
  }

  test('is read in a few events from any cursor, before, while and after it is coalesced on disk', async () => {
    await using chats = newChatFixture(commitEach(allDeltas))
    const deletions: { seqs: readonly number[]; release: () => void }[] = []
    const arrivals = new EventTarget()
    chats.hooks.beforeRemove = async (seqs) => {
      const release = newLatch()
      deletions.push({ seqs, release: release.open })
      arrivals.dispatchEvent(new Event('removal'))
      await release.opened
    }
    const stream = await chats.start('Hi')
    const first = await chats.follow(stream.id)
    expect(applyDeltas([], first)).toEqual(texts)

    const full = await chats.readLog(stream.sessionId)
    expect(full.filter(({ type }) => type.endsWith('Delta')).length).toBeGreaterThanOrEqual(2500)
    expect(full.map(({ seq }) => seq)).toEqual(full.map((_, index) => index + 1))
    await expectFewEventsFromAnyCursor(chats, stream.id, full)

    // Events are deleted in batches. Readers may read in between.
    let deletedCount = 0
    for (let slice = 0; deletedCount < 2450; slice += 1) {
      while (!deletions[slice])
        await new Promise((resolve) => arrivals.addEventListener('removal', resolve, { once: true }))
      if (slice % 3 === 0) await expectFewEventsFromAnyCursor(chats, stream.id, full)
      deletedCount += deletions[slice]?.seqs.length ?? 0
      expect(deletions[slice]?.seqs.length).toBeLessThanOrEqual(500)
      deletions[slice]?.release()
    }
    delete chats.hooks.beforeRemove
    await chats.chats.close()
    expect((await chats.readLog(stream.sessionId)).length).toBeLessThan(30)
    await expectFewEventsFromAnyCursor(chats, stream.id, full)
    expect((await chats.findAnswer(stream.id))?.parts).toHaveLength(4)
  }, 60_000)

  test('is read in a few events while it grows, then one by one', async () => {
    const produced = newLatch()
    const more = newLatch()
    await using chats = newChatFixture(async function* (run) {
      yield* commitEach(allDeltas)(run)
      produced.open()
      await more.opened
      yield* commitEach(() => [1, 2, 3].map((n) => ({ type: 'text', block: '3', text: toWord(n) })))(run)
    })
    const stream = await chats.start('Hi')
    const reading = await chats.chats.subscriptions.subscribeToStream(stream.id, 0)
    // It reads on when everything is stored.
    expect((await reading.next()).value).toMatchObject({ type: 'StreamStarted' })
    await produced.opened
    const head = (await chats.readLog(stream.sessionId)).length
    expect(head).toBeGreaterThan(2500)
    const received: DeliveredEvent[] = []
    for await (const event of reading) {
      received.push(event)
      if (event.seq === head) more.open()
    }
    expect(received.length).toBeLessThan(30)
    expect(received.slice(-5).map(({ type }) => type)).toEqual([
      'TextDelta',
      'TextDelta',
      'TextDelta',
      'PartFinished',
      'StreamFinished',
    ])
    expect(applyDeltas([], received)).toEqual([...texts.slice(0, 3), texts[3] + [1, 2, 3].map(toWord).join('')])
  }, 60_000)

  test('is read in a few events per stream by a subscription to its session', async () => {
    await using chats = newChatFixture(commitEach(allDeltas))
    const first = await chats.start('Hi')
    await chats.follow(first.id)
    const second = await chats.start('Again', { sessionId: first.sessionId })
    await chats.follow(second.id)
    const received: DeliveredEvent[] = []
    for await (const event of await chats.chats.subscriptions.subscribeToSession(first.sessionId, 0)) {
      received.push(event)
      if (event.type === 'StreamFinished' && event.streamId === second.id) break
    }
    expect(received.length).toBeLessThan(60)
    for (const { id } of [first, second]) {
      expect(
        applyDeltas(
          [],
          received.filter(({ streamId }) => streamId === id),
        ),
      ).toEqual(texts)
    }
  }, 60_000)
})

describe('a reader that is about to wait', () => {
  // A reader reads a page, and reads the head once it has started to wait.
  test.each([1, 2])('receives an answer that is committed during its read %i', async (heldRead) => {
    await using chats = newChatFixture(async function* () {
      yield { type: 'text', block: '1', text: 'Hello' }
    })
    const { id, sessionId } = await chats.start('Hi')
    await chats.follow(id)
    const head = (await chats.readLog(sessionId)).length
    const isReading = newLatch()
    const ended = newLatch()
    let reads = 0
    const holdRead = async (): Promise<void> => {
      reads += 1
      if (reads !== heldRead) return
      isReading.open()
      // The read found nothing, and returns when everything has ended.
      await ended.opened
    }
    chats.hooks.afterRead = (_, events) => (events.length > 0 ? undefined : holdRead())
    chats.hooks.afterHeadSeq = holdRead
    const reading = await chats.chats.subscriptions.subscribeToSession(sessionId, head)
    const first = reading.next()
    await isReading.opened
    const stream = await chats.start('Again', { sessionId })
    expect((await chats.chats.cancel(stream.id)).stream.finishedAt).not.toBeNull()
    ended.open()
    expect((await first).value).toMatchObject({ type: 'StreamStarted', seq: head + 1 })
    for await (const event of reading) if (event.type === 'StreamFinished') break
  })
})
