import { describe, expect, test } from 'vitest'
import { AgentError } from '../../../../src/agent/agent.ts'
import { noUsage, type Usage } from '../../../../src/model/usage.ts'
import type { ChatFixture, ChatFixtureOptions, ScriptedAnswer } from '../../../support/fixtures/chats/agent-chats.ts'
import { findContinuation, newCompactionChats, Summaries } from '../../../support/fixtures/chats/compaction-chats.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { StrictProvider } from '../../../support/providers/strict-provider.ts'
import { startTestSegue } from '../../../support/server/segue.ts'
import { ChatClient } from '../../../support/clients/chat-client.ts'
import { drainEventLoop, runTurn, textAnswer } from '../../../support/fixtures/scripted-answers.ts'

const full = textAnswer('Yes.', { inputTokens: 1_900, outputTokens: 2 })
const small = textAnswer('Yes.', { inputTokens: 40, outputTokens: 2 })

const newChats = (summaries: Summaries, answers: ScriptedAnswer[], options: ChatFixtureOptions = {}): ChatFixture =>
  newCompactionChats(summaries, { contextWindow: 2_000, autoCompactThreshold: 0.8, ...options }, ...answers)

/** An answer of several steps, each with these figures from the provider. Null: it sends none. */
function stepsAnswer(...steps: (Pick<Usage, 'inputTokens' | 'outputTokens'> | null)[]): ScriptedAnswer {
  return async function* (run) {
    await run.loadHistory()
    for (const [index, usage] of steps.entries()) {
      yield { type: 'step', estimatedInputTokens: 10 }
      yield { type: 'text', block: String(index), text: 'Yes.' }
      if (usage) yield { type: 'usage', usage: { ...noUsage, ...usage } }
    }
  }
}

/** Runs a turn and what follows it. Resolves to the id of the session that goes on then. */
async function runTurnAndTasks(chats: ChatFixture, sessionId: string | null) {
  const id = await runTurn(chats, sessionId)
  for (let count = 0; count < 8; count += 1) await drainEventLoop()
  const continuation = await findContinuation(chats, id)
  return { tipId: continuation?.id ?? id, isCompacted: continuation !== null }
}

/** Has a chat of so many turns. Returns after which of them it went on in a new session, from 1. */
async function listCompactedTurns(chats: ChatFixture, turns: number): Promise<number[]> {
  const compacted: number[] = []
  let sessionId: string | null = null
  for (let turn = 1; turn <= turns; turn += 1) {
    const { tipId, isCompacted } = await runTurnAndTasks(chats, sessionId)
    if (isCompacted) compacted.push(turn)
    sessionId = tipId
  }
  return compacted
}

describe('a session whose provider counts more tokens than the share of the window', () => {
  test.each<[string, ScriptedAnswer, boolean]>([
    ['the latest request has more than the share, although its estimate is short', full, true],
    ['only its answer makes it more', textAnswer('Yes.', { inputTokens: 1_590, outputTokens: 11 }), true],
    ['it has exactly the share', textAnswer('Yes.', { inputTokens: 1_590, outputTokens: 10 }), false],
    ['only the sum of the steps of an answer is more than the window', stepsAnswer(...newSteps(1_000, 1_020)), false],
    ['only an earlier step of the answer had more', stepsAnswer(...newSteps(1_900, 50)), false],
    ['the latest step has more', stepsAnswer(...newSteps(50, 1_900)), true],
    ['the provider counted an earlier step only', stepsAnswer(...newSteps(1_900), null), false],
    ['only the input was counted', textAnswer('Yes.', { inputTokens: 1_900 }), false],
    [
      'the figures are an estimate',
      textAnswer('Yes.', { inputTokens: 1_900, outputTokens: 2, estimated: true }),
      false,
    ],
  ])('is summarised and continued only for that request: %s', async (_, answer, isExpected) => {
    const summaries = new Summaries()
    await using chats = newChats(summaries, [answer])
    expect(await listCompactedTurns(chats, 1)).toEqual(isExpected ? [1] : [])
    expect(summaries.runs.length > 0).toBe(isExpected)
    expect(chats.loggedErrors).toEqual([])
  })

  test('is not summarised if that is turned off, or the window is unlimited', async () => {
    for (const options of [{ autoCompactThreshold: 0 }, { contextWindow: Number.POSITIVE_INFINITY }]) {
      await using chats = newChats(new Summaries(), [full], options)
      expect(await listCompactedTurns(chats, 1)).toEqual([])
    }
  })

  test('is not summarised for an answer by another model than its own', async () => {
    const summaries = new Summaries()
    await using chats = newChats(summaries, [full, small])
    const { id } = await chats.sessions.create({ title: null, model: 'test/own', continues: null })
    const stream = await chats.start('Hi', { sessionId: id, model: 'test/other' })
    await chats.follow(stream.id)
    expect(await runTurnAndTasks(chats, id)).toMatchObject({ tipId: id })
    expect(summaries.runs).toEqual([])
  })

  test('says nothing about another session', async () => {
    await using chats = newChats(new Summaries(), [full, small])
    expect(await listCompactedTurns(chats, 1)).toEqual([1])
    expect(await listCompactedTurns(chats, 2)).toEqual([])
  })

  test('is summarised once over five turns if the server adds a prompt of its own to each request', async () => {
    const summaries = new Summaries()
    await using chats = newChats(summaries, [full])
    expect(await listCompactedTurns(chats, 5)).toEqual([1])
    expect(summaries.runs).toHaveLength(1)
  })

  test('is summarised again after a request that had less', async () => {
    await using chats = newChats(new Summaries(), [full, small, full, full, small, full])
    expect(await listCompactedTurns(chats, 6)).toEqual([1, 3, 6])
  })

  test('is not summarised again after a request that nobody counted', async () => {
    await using chats = newChats(new Summaries(), [full, stepsAnswer(null), full])
    expect(await listCompactedTurns(chats, 3)).toEqual([1])
  })

  test('is summarised after the next answer if the model fails', async () => {
    const summaries = new Summaries(() => Promise.reject(new AgentError('RATE_LIMIT', 'Too many.')))
    await using chats = newChats(summaries, [full])
    expect(await listCompactedTurns(chats, 3)).toEqual([2])
  })
})

test.each([{ max_model_len: 2_000 }, { meta: { n_ctx: 2_000 } }, { max_input_tokens: 2_000 }])(
  'a window that only the list of models names counts: %o',
  async (listedFields) => {
    await using provider = await StrictProvider.start({ listedFields })
    provider.defaultAnswer = () => [{ text: 'Yes.' }, { finish: 'stop' }, { usage: { input: 1_900, output: 2 } }]
    const providers = [newProvider({ name: 'strict', baseURL: provider.baseURL })]
    await using segue = await startTestSegue({ settings: { model: null, providers, autoCompactThreshold: 0.8 } })
    await using client = new ChatClient(segue.url)
    const ids: string[] = []
    for await (const event of client.streamChat({ text: 'Hello' }))
      if (event.type === 'StreamFinished') ids.push(event.stream.session.id)
    for await (const { type } of client.followSession(ids[0] ?? '')) if (type === 'SessionContinued') break
    // The answer and its summary.
    expect(provider.requests).toHaveLength(2)
    expect([...provider.rejections, ...segue.warnings]).toEqual([])
  },
)

function newSteps(...inputTokens: number[]): Pick<Usage, 'inputTokens' | 'outputTokens'>[] {
  return inputTokens.map((tokens) => ({ inputTokens: tokens, outputTokens: 2 }))
}
