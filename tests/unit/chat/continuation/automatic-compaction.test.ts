import {
  findContinuation,
  newCompactionChats,
  Summaries,
  summaryUsage,
} from '../../../support/fixtures/chats/compaction-chats.ts'
import { describe, expect, test, vi } from 'vitest'
import { AgentError } from '../../../../src/agent/agent.ts'
import { addUsage } from '../../../../src/model/usage.ts'
import {
  type ChatFixture,
  type ChatFixtureOptions,
  newLatch,
  newChatFixture,
  type ScriptedAnswer,
} from '../../../support/fixtures/chats/agent-chats.ts'
import {
  drainEventLoop,
  hangingAnswer,
  modelMessage,
  runTurn,
  textAnswer,
} from '../../../support/fixtures/scripted-answers.ts'

const { assistant, summary } = modelMessage

/** About this many tokens, as long as nothing is known of the model. */
const newText = (tokens: number): string => 'word '.repeat(tokens).trim()

const newChats = (summaries: Summaries, options: ChatFixtureOptions, ...answers: ScriptedAnswer[]): ChatFixture =>
  newCompactionChats(summaries, { contextWindow: 1_000, autoCompactThreshold: 0.8, ...options }, ...answers)

const longAnswer = textAnswer(newText(900))
const shortAnswer = textAnswer('Yes.')

/** Everything that follows a turn and waits for nothing but the event loop. */
async function settle(): Promise<void> {
  for (let count = 0; count < 8; count += 1) await drainEventLoop()
}

async function isContinued(chats: ChatFixture, id: string): Promise<boolean> {
  const { endReason } = await chats.requireSession(id)
  const isLastEvent = (await chats.readLog(id)).at(-1)?.type === 'SessionContinued'
  expect(endReason).toBe(isLastEvent ? 'compression' : null)
  return isLastEvent
}

describe('after a turn, a session is summarised and continued', () => {
  test.each([
    ['the next request has more than the share of the window', { autoCompactThreshold: 0.5 }, newText(520), true],
    ['the next request has less than the share', { autoCompactThreshold: 0.5 }, newText(400), false],
    ['the next request would not fit beside an answer', { autoCompactThreshold: 0.9 }, newText(800), true],
    ['the next request fits, and the figures of the provider are incomplete', {}, newText(400), false],
  ])('if %s', async (_, options, text, isExpected) => {
    const summaries = new Summaries()
    await using chats = newChats(summaries, options, textAnswer(text, { inputTokens: 990 }))
    const id = await runTurn(chats)
    await settle()
    expect(summaries.runs.length > 0).toBe(isExpected)
    expect(await isContinued(chats, id)).toBe(isExpected)
    expect(chats.loggedErrors).toEqual([])
  })

  test.each([
    ['it is turned off', { autoCompactThreshold: 0 }],
    ['the window is unlimited', { contextWindow: Number.POSITIVE_INFINITY }],
  ])('but not if %s', async (_, options) => {
    const summaries = new Summaries()
    await using chats = newChats(summaries, options, longAnswer)
    await runTurn(chats)
    await settle()
    expect(summaries.runs).toEqual([])
  })

  test('for which a short context is read once, as for the answer', async () => {
    await using chats = newChats(new Summaries(), {}, shortAnswer)
    const read = vi.spyOn(chats.profile.segueSessions, 'loadContextMessages')
    await runTurn(chats)
    await settle()
    expect(read).toHaveBeenCalledTimes(2)
  })

  test('but not after an answer that failed or was cancelled', async () => {
    const summaries = new Summaries()
    const failing: ScriptedAnswer = async function* (run) {
      yield* longAnswer(run)
      throw new AgentError('PROVIDER', 'It broke.')
    }
    await using chats = newChats(summaries, {}, failing, hangingAnswer, shortAnswer)
    const id = await runTurn(chats)
    const stream = await chats.start('Again', { sessionId: id })
    await chats.chats.cancel(stream.id)
    await settle()
    expect(summaries.runs).toEqual([])
    expect(await isContinued(chats, id)).toBe(false)
  })

  test('by the window of the session, not by that of another model that one message was sent to', async () => {
    const summaries = new Summaries()
    const windows = { 'test/small': 200, 'test/large': 100_000 } as const
    const toWindow = (model: string) => (model === 'test/small' ? windows['test/small'] : windows['test/large'])
    await using chats = newChats(summaries, { findContextWindow: toWindow }, textAnswer(newText(100)))
    const session = await chats.sessions.create({ title: null, model: 'test/large', continues: null })
    const stream = await chats.start('Hi', { sessionId: session.id, model: 'test/small' })
    await chats.follow(stream.id)
    await runTurn(chats, session.id)
    await settle()
    expect(await isContinued(chats, session.id)).toBe(false)
    expect(summaries.runs).toEqual([])
  })

  test('with the newest turn word for word, and the usage of the summary in the session', async () => {
    const summaries = new Summaries()
    await using chats = newChats(summaries, {}, longAnswer, shortAnswer)
    const id = await runTurn(chats, null, 'The key is 4711.')
    const before = await chats.requireSession(id)
    await settle()
    const continuation = await findContinuation(chats, id)
    expect(await chats.chats.loadModelMessages(continuation ?? before)).toEqual([
      summary(`In short ${summaries.runs.length}.`, { quotes: ['The key is 4711.'] }),
    ])
    const used = summaries.runs.map(() => summaryUsage).reduce(addUsage, before.usage)
    expect((await chats.requireSession(id)).usage).toEqual(used)
    expect(continuation?.usage).toMatchObject({ inputTokens: 0, outputTokens: 0 })
  })

  test('with SessionContinued after the end of the answer, for everyone who follows the session', async () => {
    await using chats = newChats(new Summaries(), {}, longAnswer)
    const stream = await chats.start('Hi')
    const events = []
    for await (const event of await chats.chats.subscriptions.subscribeToSession(stream.sessionId, 0)) {
      events.push(event)
      if (event.type === 'SessionContinued') break
    }
    expect(events.slice(-3)).toMatchObject([
      { type: 'StreamFinished', streamId: stream.id },
      { type: 'SessionChanged', streamId: null },
      { type: 'SessionContinued', streamId: null, sessionId: stream.sessionId },
    ])
    const next = await findContinuation(chats, stream.sessionId)
    expect(events.at(-1)).toMatchObject({ toId: next?.id })
  })

  test('after the next answer if the model fails, and the error is logged', async () => {
    const summaries = new Summaries(() => Promise.reject(new AgentError('RATE_LIMIT', 'Too many.')))
    await using chats = newChats(summaries, {}, longAnswer, shortAnswer)
    const id = await runTurn(chats)
    await settle()
    expect(await isContinued(chats, id)).toBe(false)
    expect(chats.loggedErrors).toMatchObject([{ code: 'RATE_LIMIT' }])
    await runTurn(chats, id)
    await settle()
    expect(await isContinued(chats, id)).toBe(true)
  })
})

describe('while the summary is written in the background', () => {
  /** Returns when the summary after the first turn is requested. */
  async function startBackgroundSummary(...answers: ScriptedAnswer[]) {
    const latch = newLatch()
    const summaries = new Summaries(() => latch.opened.then(() => 'In short.'))
    const chats = newChats(summaries, { autoCompactThreshold: 0.3 }, textAnswer(newText(350)), ...answers)
    const id = await runTurn(chats, null, 'First')
    await settle()
    expect(summaries.runs).toHaveLength(1)
    return { chats, id, latch, summaries }
  }

  test('the session is not busy: a message starts at once, and the continuation waits for the end of its turn', async () => {
    const turn = newLatch()
    const histories: unknown[] = []
    const waiting: ScriptedAnswer = async function* (run) {
      histories.push(await run.loadHistory())
      yield { type: 'text', block: '1', text: 'Second answer.' }
      await turn.opened
    }
    const { chats, id, latch } = await startBackgroundSummary(waiting)
    await using _ = chats
    expect(chats.chats.takeSnapshot().isCompacting(id)).toBe(false)
    const stream = await chats.start('Second', { sessionId: id, ifBusy: 'REJECT' })
    await settle()
    latch.open()
    await settle()
    // The summary is stored, the turn goes on.
    expect(await chats.profile.eventStore.findContextCheckpoint(id)).toMatchObject({ summary: { text: 'In short.' } })
    expect(await isContinued(chats, id)).toBe(false)
    turn.open()
    await chats.follow(stream.id)
    await settle()
    expect(await isContinued(chats, id)).toBe(true)
    expect(JSON.stringify(histories)).toContain('word word')
    const continuation = await findContinuation(chats, id)
    expect(await chats.chats.loadModelMessages(continuation ?? (await chats.requireSession(id)))).toEqual([
      summary('In short.', { quotes: ['First'], next: 'Second' }),
      assistant('Second answer.'),
    ])
  })

  test('queued messages stay where they are, and are answered in order before the session is continued', async () => {
    const turns = [newLatch(), newLatch()]
    const answers = turns.map(
      ({ opened }, index): ScriptedAnswer =>
        async function* () {
          yield { type: 'text', block: '1', text: `Answer ${index}` }
          await opened
        },
    )
    const { chats, id, latch, summaries } = await startBackgroundSummary(...answers, shortAnswer)
    await using _ = chats
    const streams = [await chats.start('One', { sessionId: id })]
    for (const text of ['Two', 'Three']) streams.push(await chats.start(text, { sessionId: id, ifBusy: 'QUEUE' }))
    latch.open()
    for (const turn of turns) {
      await settle()
      expect(await isContinued(chats, id)).toBe(false)
      turn.open()
    }
    for (const { id: streamId } of streams) await chats.follow(streamId)
    await settle()
    expect(await isContinued(chats, id)).toBe(true)
    const ends = (await chats.readLog(id)).filter(({ type }) => type === 'StreamFinished')
    expect(ends.slice(1).map(({ streamId }) => streamId)).toEqual(streams.map((stream) => stream.id))
    expect(summaries.runs).toHaveLength(1)
  })

  test('and ends while the check after the next turn has read the context, no other one is written', async () => {
    const [latch, resolving, check] = [newLatch(), newLatch(), newLatch()]
    const summaries = new Summaries(() => latch.opened.then(() => 'In short.'))
    let delay = async (): Promise<void> => {}
    const chats = newChats(
      summaries,
      { autoCompactThreshold: 0.3, beforeResolveModel: () => delay() },
      textAnswer(newText(350)),
      async function* () {
        yield { type: 'text', block: '1', text: 'Second answer.' }
        delay = async () => {
          resolving.open()
          await check.opened
        }
      },
    )
    await using _ = chats
    const id = await runTurn(chats, null, 'First')
    await settle()
    await runTurn(chats, id, 'Second')
    await resolving.opened
    latch.open()
    await settle()
    check.open()
    await settle()
    expect(summaries.runs).toHaveLength(1)
    expect(await isContinued(chats, id)).toBe(true)
    expect(chats.loggedErrors).toEqual([])
  })

  test('the session can be deleted', async () => {
    const { chats, id, latch } = await startBackgroundSummary()
    await using _ = chats
    await chats.chats.sessionManagement.delete([id])
    latch.open()
    await settle()
    expect(await chats.sessions.find(id)).toBeNull()
    expect(chats.loggedErrors).toEqual([])
  })

  test('a compaction that a person asks for waits for it, and builds on it', async () => {
    const { chats, id, latch, summaries } = await startBackgroundSummary()
    await using _ = chats
    const done = chats.chats.compact(id, null)
    await settle()
    expect(chats.chats.takeSnapshot().isCompacting(id)).toBe(true)
    latch.open()
    const continuation = await done
    expect(chats.chats.takeSnapshot().isCompacting(id)).toBe(false)
    // Nothing is left to summarise.
    expect(summaries.runs).toHaveLength(1)
    expect(await chats.chats.loadModelMessages(continuation)).toEqual([summary('In short.', { quotes: ['First'] })])
  })
})

describe('a session with a checkpoint', () => {
  async function storeCheckpoint(chats: ChatFixture, id: string): Promise<void> {
    const { eventStore, segueSessions } = chats.profile
    const through = (await segueSessions.loadContextMessages(id)).at(-1)
    await eventStore.append({
      sessionId: id,
      expectedHeadSeq: (await eventStore.loadHeadSeq(id)) ?? 0,
      events: [],
      checkpoint: {
        sessionId: id,
        summary: { text: 'Stored.', quotes: [], throughMessageId: through?.id ?? null },
        model: 'test/model',
        usage: summaryUsage,
        createdAt: 1,
      },
    })
  }

  test('is continued after its next turn without a request for a summary, as after a restart', async () => {
    const summaries = new Summaries()
    await using chats = newChats(summaries, {}, shortAnswer)
    const id = await runTurn(chats)
    await storeCheckpoint(chats, id)
    const stream = await chats.start('Next', { sessionId: id })
    await chats.follow(stream.id)
    await settle()
    expect(summaries.runs).toEqual([])
    expect(await isContinued(chats, id)).toBe(true)
    const stale = chats.start('Later', { sessionId: id })
    stale.catch(() => undefined)
    const continuation = await findContinuation(chats, id)
    await expect(stale).rejects.toMatchObject({ code: 'STALE', details: { tipId: continuation?.id } })
    expect(await chats.chats.loadModelMessages(continuation ?? (await chats.requireSession(id)))).toEqual([
      summary('Stored.', { next: 'Next' }),
      assistant('Yes.'),
    ])
  })

  test('is not continued if compaction is turned off, but its requests begin with the checkpoint', async () => {
    await using chats = newChats(new Summaries(), { autoCompactThreshold: 0 }, shortAnswer)
    const id = await runTurn(chats)
    await storeCheckpoint(chats, id)
    await runTurn(chats, id, 'Next')
    await settle()
    expect(await isContinued(chats, id)).toBe(false)
    expect(await chats.chats.loadModelMessages(await chats.requireSession(id))).toEqual([
      summary('Stored.', { next: 'Next' }),
      assistant('Yes.'),
    ])
  })
})

test('no summary is requested if automatic compaction is turned off', async () => {
  await using chats = newChatFixture(textAnswer('Yes.'))
  await runTurn(chats)
  await drainEventLoop()
  expect(chats.loggedErrors).toEqual([])
})
