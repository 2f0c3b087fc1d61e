import { describe, expect, test } from 'vitest'
import { AgentError } from '../../../../src/agent/agent.ts'
import { addUsage, noUsage, type Usage } from '../../../../src/model/usage.ts'
import {
  type ChatFixture,
  type ChatFixtureOptions,
  newLatch,
  type ScriptedAnswer,
} from '../../../support/fixtures/chats/agent-chats.ts'
import {
  findContinuation,
  newCompactionChats,
  Summaries,
  summaryUsage,
} from '../../../support/fixtures/chats/compaction-chats.ts'
import { drainEventLoop, modelMessage, runTurn, textAnswer } from '../../../support/fixtures/scripted-answers.ts'

const { assistant, summary } = modelMessage
const forever = new Promise<never>(() => {})
const answerUsage: Usage = { ...noUsage, inputTokens: 500, outputTokens: 20 }

/** About this many tokens, as long as nothing is known of the model. */
const newText = (tokens: number): string => 'word '.repeat(tokens).trim()

/** Records what the model is sent, and answers. */
function recordRequests(histories: unknown[], text = 'Answer.'): ScriptedAnswer {
  return async function* (run) {
    histories.push(await run.loadHistory({ reservedTokens: 0 }))
    yield { type: 'step', estimatedInputTokens: 5 }
    yield { type: 'text', block: '1', text }
    yield { type: 'usage', usage: answerUsage }
  }
}

/** A session with a turn that fits the window of 1,000 tokens, but not together with another one. */
async function openLongSession(summaries: Summaries, options: ChatFixtureOptions, ...answers: ScriptedAnswer[]) {
  const chats = newCompactionChats(
    summaries,
    { contextWindow: 1_000, autoCompactThreshold: 0, ...options },
    textAnswer(newText(500)),
    ...answers,
  )
  return { chats, id: await runTurn(chats, null, 'The key is 4711.') }
}

const long = `And now? ${newText(300)}`

const findCheckpoint = ({ profile }: ChatFixture, id: string) => profile.eventStore.findContextCheckpoint(id)

/** A generator whose requests tell what they cost. */
function reportUsage(summaries: Summaries): Pick<Summaries, 'generateSummary'> {
  return {
    generateSummary: async (run) => {
      run.onEvent?.({ type: 'step', estimatedInputTokens: 70 })
      run.onEvent?.({ type: 'usage', usage: summaryUsage })
      return summaries.generateSummary(run)
    },
  }
}

async function settle(): Promise<void> {
  for (let count = 0; count < 8; count += 1) await drainEventLoop()
}

describe('a request that does not fit', () => {
  test('is made once more with a summary of the turns before, which is stored as a checkpoint', async () => {
    const [summaries, histories] = [new Summaries(), [] as unknown[]]
    const { chats, id } = await openLongSession(summaries, {}, recordRequests(histories))
    await using _ = chats
    const stream = await chats.start(long, { sessionId: id })
    const events = await chats.follow(stream.id)
    const text = `In short ${summaries.runs.length}.`
    // The answer waits for it.
    expect(summaries.runs[0]).toMatchObject({ isUrgent: true })
    expect(histories).toEqual([[summary(text, { quotes: ['The key is 4711.'], next: long })]])
    expect(await findCheckpoint(chats, id)).toMatchObject({
      sessionId: id,
      model: stream.model,
      summary: { text, quotes: [{ text: 'The key is 4711.' }] },
    })
    // The summary is no part of the answer. The session is the same, and is not continued: compaction is turned off.
    expect(JSON.stringify(events)).not.toContain('In short')
    await settle()
    expect(await chats.requireSession(id)).toMatchObject({ endedAt: null })
    const session = await chats.requireSession(id)
    expect(await chats.chats.loadModelMessages(session)).toEqual([
      summary(text, { quotes: ['The key is 4711.'], next: long }),
      assistant('Answer.'),
    ])
    expect(chats.loggedErrors).toEqual([])
  })

  test('counts its summary as steps of the stream', async () => {
    const summaries = new Summaries()
    const { chats, id } = await openLongSession(
      summaries,
      { textGenerator: reportUsage(summaries) },
      recordRequests([]),
    )
    await using _ = chats
    const stream = await chats.start(long, { sessionId: id })
    await chats.follow(stream.id)
    const expected = summaries.runs.map(() => summaryUsage).reduce(addUsage, answerUsage)
    expect((await chats.profile.eventStore.findStream(stream.id))?.usage).toEqual(expected)
  })

  test('counts nothing for the request that was refused before the summary', async () => {
    const summaries = new Summaries()
    const refused: ScriptedAnswer = async function* (run) {
      await run.loadHistory({ reservedTokens: 0 })
      yield { type: 'step', estimatedInputTokens: 700 }
      // The provider takes less than was assumed.
      await run.loadHistory({ reservedTokens: 0, contextWindow: 1_000 })
      yield { type: 'step', estimatedInputTokens: 100, replacesRefused: true }
      yield { type: 'text', block: '1', text: 'Answer.' }
      yield { type: 'usage', usage: answerUsage }
    }
    const options = { textGenerator: reportUsage(summaries), contextWindow: 100_000 }
    const { chats, id } = await openLongSession(summaries, options, refused)
    await using _ = chats
    const stream = await chats.start(long, { sessionId: id })
    await chats.follow(stream.id)
    expect(summaries.runs.length).toBeGreaterThan(0)
    const expected = summaries.runs.map(() => summaryUsage).reduce(addUsage, answerUsage)
    expect((await chats.profile.eventStore.findStream(stream.id))?.usage).toEqual(expected)
  })

  test('has its session continued after the turn, without another request for a summary', async () => {
    const summaries = new Summaries()
    const options = { autoCompactThreshold: 0.9 }
    const { chats, id } = await openLongSession(summaries, options, recordRequests([], 'Short.'))
    await using _ = chats
    await settle()
    expect(await findContinuation(chats, id)).toBeNull()
    await runTurn(chats, id, long)
    const count = summaries.runs.length
    await settle()
    expect(summaries.runs).toHaveLength(count)
    const continuation = await findContinuation(chats, id)
    expect(await chats.chats.loadModelMessages(continuation ?? (await chats.requireSession(id)))).toEqual([
      summary(`In short ${count}.`, { quotes: ['The key is 4711.'], next: long }),
      assistant('Short.'),
    ])
  })

  test('to another model than that of the session leaves the session as it is', async () => {
    const [summaries, histories] = [new Summaries(), [] as unknown[]]
    const findContextWindow = (model: string) => (model === 'test/small' ? 1_000 : 100_000)
    const { chats, id } = await openLongSession(summaries, { findContextWindow }, recordRequests(histories))
    await using _ = chats
    const stream = await chats.start(long, { sessionId: id, model: 'test/small' })
    await chats.follow(stream.id)
    expect(JSON.stringify(histories)).toContain('In short')
    expect(await findCheckpoint(chats, id)).toBeNull()
    await runTurn(chats, id, 'Once more')
    expect(JSON.stringify(histories.at(-1))).toContain('word word')
    expect(JSON.stringify(histories.at(-1))).not.toContain('In short')
  })

  test('has what fits if the model cannot write a summary, and the error is logged once', async () => {
    const summaries = new Summaries(() => Promise.reject(new AgentError('RATE_LIMIT', 'Too many.')))
    const histories: unknown[] = []
    const twice: ScriptedAnswer = async function* (run) {
      histories.push(await run.loadHistory({ reservedTokens: 0 }), await run.loadHistory({ reservedTokens: 0 }))
      yield { type: 'text', block: '1', text: 'Answer.' }
    }
    const { chats, id } = await openLongSession(summaries, {}, twice)
    await using _ = chats
    const stream = await chats.start(long, { sessionId: id })
    await chats.follow(stream.id)
    expect(await chats.profile.eventStore.findStream(stream.id)).toMatchObject({ status: 'COMPLETED' })
    expect(summaries.runs).toHaveLength(1)
    expect(chats.loggedErrors).toMatchObject([{ code: 'RATE_LIMIT' }])
    expect(histories[0]).toEqual(histories[1])
    expect(JSON.stringify(histories[0])).toContain('And now?')
    expect(await findCheckpoint(chats, id)).toBeNull()
  })
})

describe('a message that alone is longer than the window', () => {
  const tooLong = newText(4_000)

  test('is sent whole if that window is only assumed: the provider decides', async () => {
    const [summaries, histories] = [new Summaries(), [] as unknown[]]
    const options = { statedContextWindow: 100_000 }
    const { chats, id } = await openLongSession(summaries, options, recordRequests(histories))
    await using _ = chats
    const stream = await chats.start(tooLong, { sessionId: id })
    await chats.follow(stream.id)
    expect(await chats.profile.eventStore.findStream(stream.id)).toMatchObject({ status: 'COMPLETED' })
    expect(JSON.stringify(histories[0])).toContain(tooLong)
  })

  test('fails otherwise, and the next one works', async () => {
    const [summaries, histories] = [new Summaries(), [] as unknown[]]
    const { chats, id } = await openLongSession(summaries, {}, recordRequests(histories))
    await using _ = chats
    const streams = [await chats.start(tooLong, { sessionId: id })]
    await chats.follow(streams[0]?.id ?? '')
    streams.push(await chats.start('Short.', { sessionId: id }))
    await chats.follow(streams[1]?.id ?? '')
    expect(await chats.profile.eventStore.findStream(streams[0]?.id ?? '')).toMatchObject({
      status: 'FAILED',
      error: { code: 'CONTEXT_LENGTH', message: expect.stringContaining('Shorten it') },
    })
    expect(await chats.profile.eventStore.findStream(streams[1]?.id ?? '')).toMatchObject({ status: 'COMPLETED' })
  })
})

describe('a stream whose summary is being written', () => {
  test('is cancelled at once, and stores no checkpoint', async () => {
    const summaries = new Summaries(() => forever)
    const { chats, id } = await openLongSession(summaries, {}, recordRequests([]))
    await using _ = chats
    const stream = await chats.start(long, { sessionId: id })
    await settle()
    expect(summaries.runs).toHaveLength(1)
    expect(await chats.chats.cancel(stream.id)).toMatchObject({ outcome: 'CANCELLED', answer: null })
    expect(summaries.runs[0]?.signal.aborted).toBe(true)
    await settle()
    expect(await findCheckpoint(chats, id)).toBeNull()
    expect(chats.loggedErrors).toEqual([])
    expect((await chats.readLog(id)).at(-1)).toMatchObject({ type: 'StreamFinished', streamId: stream.id })
  })

  test('takes queued and interrupting messages like any other', async () => {
    const summaries = new Summaries(() => forever)
    const histories: unknown[] = []
    const { chats, id } = await openLongSession(summaries, {}, recordRequests([]), recordRequests(histories))
    await using _ = chats
    await chats.start(long, { sessionId: id })
    await settle()
    const queued = await chats.start('Queued', { sessionId: id, ifBusy: 'QUEUE' })
    const next = await chats.start('Now', { sessionId: id, ifBusy: 'INTERRUPT' })
    for (const { id: streamId } of [next, queued]) await chats.follow(streamId)
    expect(JSON.stringify(histories[0])).toContain('Now')
    expect(JSON.stringify(histories[1])).toContain('Queued')
  })

  test('uses the summary that is being written in the background, if that is enough', async () => {
    const latch = newLatch()
    const summaries = new Summaries(() => latch.opened.then(() => 'In the background.'))
    const histories: unknown[] = []
    const chats = newCompactionChats(
      summaries,
      { contextWindow: 1_000, autoCompactThreshold: 0.3 },
      textAnswer(newText(400)),
      recordRequests(histories),
    )
    await using _ = chats
    const id = await runTurn(chats, null, 'The key is 4711.')
    await settle()
    const text = `And now? ${newText(400)}`
    const stream = await chats.start(text, { sessionId: id })
    await settle()
    expect(summaries.runs).toHaveLength(1)
    latch.open()
    await chats.follow(stream.id)
    expect(histories).toEqual([[summary('In the background.', { quotes: ['The key is 4711.'], next: text })]])
  })
})
