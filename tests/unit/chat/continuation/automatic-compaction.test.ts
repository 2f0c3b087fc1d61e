import { findContinuation, newCompactionChats, Summaries } from '../../../support/fixtures/compaction-chats.ts'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AgentError } from '../../../../src/agent/agent.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import { type ScriptedAnswer, newLatch, newChatFixture } from '../../../support/fixtures/agent-chats.ts'
import { drainEventLoop, textAnswer, runTurn } from '../../../support/fixtures/scripted-answers.ts'

const forever = new Promise<never>(() => {})

afterEach(() => {
  vi.useRealTimers()
})

describe('automatic compaction', () => {
  test.each([
    [
      'the provider reports more than 80 % of the window',
      textAnswer('Yes.', { inputTokens: 61, outputTokens: 20 }),
      true,
    ],
    ['the provider reports 80 % of the window', textAnswer('Yes.', { inputTokens: 60, outputTokens: 20 }), false],
    ['the provider reports nothing and the estimate is above 80 %', textAnswer('x'.repeat(44), null, 70), true],
    ['the provider reports nothing and the estimate is 80 %', textAnswer('x'.repeat(40), null, 70), false],
    [
      'the last of several requests takes more than 80 %',
      async function* () {
        yield { type: 'step', estimatedInputTokens: 1 }
        yield { type: 'usage', usage: { ...noUsage, inputTokens: 5 } }
        yield { type: 'step', estimatedInputTokens: 1 }
        yield { type: 'text', block: '1', text: 'Yes.' }
        yield { type: 'usage', usage: { ...noUsage, inputTokens: 81 } }
      } satisfies ScriptedAnswer,
      true,
    ],
    [
      'all requests together, but none alone, take more than 80 %',
      async function* () {
        yield { type: 'step', estimatedInputTokens: 1 }
        yield { type: 'usage', usage: { ...noUsage, inputTokens: 79 } }
        yield { type: 'step', estimatedInputTokens: 1 }
        yield { type: 'text', block: '1', text: 'Yes.' }
        yield { type: 'usage', usage: { ...noUsage, inputTokens: 79 } }
      } satisfies ScriptedAnswer,
      false,
    ],
    [
      'the agent reports no requests and the context is long',
      async function* () {
        yield { type: 'text', block: '1', text: 'x'.repeat(400) }
      } satisfies ScriptedAnswer,
      true,
    ],
    [
      'the agent reports no requests and the context is short',
      async function* () {
        yield { type: 'text', block: '1', text: 'Yes.' }
      } satisfies ScriptedAnswer,
      false,
    ],
  ])('depends on the last request: %s', async (_, answer, isCompacted) => {
    const summaries = new Summaries()
    await using chats = newCompactionChats(summaries, { autoCompactThreshold: 0.8 }, answer)
    const id = await runTurn(chats)
    await drainEventLoop()
    expect(summaries.runs.length > 0).toBe(isCompacted)
    expect((await chats.requireSession(id)).endReason).toBe(isCompacted ? 'compression' : null)
    expect((await chats.readLog(id)).at(-1)?.type).toBe(isCompacted ? 'SessionContinued' : 'StreamFinished')
    expect(chats.loggedErrors).toEqual([])
  })

  const full = textAnswer('Yes.', { inputTokens: 99 })

  test.each([
    ['it is turned off', { autoCompactThreshold: 0 }],
    ['the window is unlimited', { autoCompactThreshold: 0.8, contextWindow: Number.POSITIVE_INFINITY }],
  ])('does not happen if %s', async (_, options) => {
    const summaries = new Summaries()
    await using chats = newCompactionChats(summaries, options, full)
    await runTurn(chats)
    await drainEventLoop()
    expect(summaries.runs).toEqual([])
  })

  test('does not happen after an answer that failed or was cancelled', async () => {
    const summaries = new Summaries()
    const failing: ScriptedAnswer = async function* (run) {
      yield* full(run)
      throw new AgentError('PROVIDER', 'It broke.')
    }
    const hanging: ScriptedAnswer = async function* (run) {
      yield* full(run)
      await forever
    }
    await using chats = newCompactionChats(summaries, { autoCompactThreshold: 0.8 }, failing, hanging, full)
    const id = await runTurn(chats)
    const stream = await chats.start('Again', { sessionId: id })
    await chats.chats.cancel(stream.id)
    await drainEventLoop()
    expect(summaries.runs).toEqual([])
    await runTurn(chats, id)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
  })

  const refused: ScriptedAnswer = async function* () {
    yield { type: 'step', estimatedInputTokens: 1 }
    throw new AgentError('CONTEXT_LENGTH', 'The conversation is too long.')
  }

  test('happens after an answer that failed because the context is too long, so that the chat can go on', async () => {
    const summaries = new Summaries()
    await using chats = newCompactionChats(summaries, { autoCompactThreshold: 0.8 }, textAnswer('Yes.'), refused)
    const id = await runTurn(chats)
    expect(summaries.runs).toEqual([])
    await runTurn(chats, id)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
    expect((await chats.requireSession(id)).endReason).toBe('compression')
  })

  test('does not happen if a message is too long by itself', async () => {
    const summaries = new Summaries()
    const options = { autoCompactThreshold: 0.8, generateTitles: true }
    await using chats = newCompactionChats(summaries, options, refused)
    await runTurn(chats)
    await drainEventLoop()
    expect(summaries.runs).toEqual([])
    expect(chats.loggedErrors).toEqual([])
  })

  test('does not happen while a message is queued, but after its turn', async () => {
    const summaries = new Summaries()
    const latch = newLatch()
    const first: ScriptedAnswer = async function* (run) {
      yield* full(run)
      await latch.opened
    }
    const second = newLatch()
    const slow: ScriptedAnswer = async function* (run) {
      await second.opened
      yield* full(run)
    }
    await using chats = newCompactionChats(summaries, { autoCompactThreshold: 0.8 }, first, slow)
    const stream = await chats.start('One')
    const queued = await chats.start('Two', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    latch.open()
    await chats.follow(stream.id)
    await drainEventLoop()
    expect(summaries.runs).toEqual([])
    second.open()
    await chats.follow(queued.id)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
    expect(JSON.stringify(summaries.runs[0]?.paragraphs)).toMatch(/One.*Two/)
  })

  test('appends SessionContinued after the end of the answer, for everyone who follows the session', async () => {
    await using chats = newCompactionChats(new Summaries(), { autoCompactThreshold: 0.8 }, full)
    const stream = await chats.start('Hi')
    const events = []
    for await (const event of await chats.chats.subscriptions.subscribeToSession(stream.sessionId, 0)) {
      events.push(event)
      if (event.type === 'SessionContinued') break
    }
    expect(events.slice(-2)).toMatchObject([
      { type: 'StreamFinished', streamId: stream.id },
      { type: 'SessionContinued', streamId: null, sessionId: stream.sessionId },
    ])
    const next = await findContinuation(chats, stream.sessionId)
    expect(events.at(-1)).toMatchObject({ toId: next?.id })
  })

  test('logs a summary that fails, and tries again after the next answer', async () => {
    const summaries = new Summaries(() => Promise.reject(new AgentError('RATE_LIMIT', 'Too many.')))
    await using chats = newCompactionChats(summaries, { autoCompactThreshold: 0.8 }, full)
    const id = await runTurn(chats)
    await drainEventLoop()
    expect((await chats.requireSession(id)).endedAt).toBeNull()
    expect(chats.loggedErrors).toMatchObject([{ code: 'PROVIDER' }])
    await runTurn(chats, id)
    await drainEventLoop()
    expect((await chats.requireSession(id)).endReason).toBe('compression')
    expect(summaries.runs).toHaveLength(2)
  })
})

test('no summary is requested if automatic compaction is turned off', async () => {
  await using chats = newChatFixture(textAnswer('Yes.'))
  await runTurn(chats)
  await drainEventLoop()
  expect(chats.loggedErrors).toEqual([])
})
