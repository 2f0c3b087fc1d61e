import { afterEach, describe, expect, test, vi } from 'vitest'
import { AgentError, type GenerateTextRequest, type GeneratedText } from '../../../../src/agent/agent.ts'
import { loadLineage } from '../../../../src/model/conversation/lineage.ts'
import { newSession } from '../../../../src/sessions/new-session.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { StreamErrorCode } from '../../../../src/model/stream.ts'
import {
  type ChatFixture,
  type ChatFixtureOptions,
  openChatFixture,
  type ScriptedAnswer,
  newLatch,
  newChatFixture,
  newChatFixtureWith,
} from '../../../support/fixtures/agent-chats.ts'
import {
  drainEventLoop,
  textAnswer,
  hangingAnswer,
  modelMessage,
  runTurn,
} from '../../../support/fixtures/scripted-answers.ts'

const forever = new Promise<never>(() => {})
const usage = { estimated: false, inputTokens: 70, outputTokens: 7, reasoningTokens: 3, cachedInputTokens: 50 }

/** What the writer was asked for, and what it answers: `In short 1.`, `In short 2.`, … unless a test scripts it. */
class Summaries {
  readonly runs: GenerateTextRequest[] = []
  readonly #scripts: (() => Promise<string>)[]

  constructor(...scripts: (() => Promise<string>)[]) {
    this.#scripts = scripts
  }

  readonly generateSummary = async (run: GenerateTextRequest): Promise<GeneratedText> => {
    const count = this.runs.push(run)
    const script = this.#scripts.shift()
    return { text: script ? await script() : `In short ${count}.`, usage }
  }
}

function compacting(summaries: Summaries, options: ChatFixtureOptions, ...answers: ScriptedAnswer[]): ChatFixture {
  return newChatFixtureWith(
    { textGenerator: summaries, contextWindow: 100, ...options },
    ...(answers.length > 0 ? answers : [textAnswer('Yes.')]),
  )
}

const { text, user, assistant, summary } = modelMessage

/** Everything that is stored of a session. */
async function stateOf({ requireSession, readLog, profile, chats }: ChatFixture, id: string) {
  const record = await requireSession(id)
  return {
    record,
    log: await readLog(id),
    messages: await profile.segueSessions.loadContextMessages(id),
    next: await chats.loadModelMessages(record),
  }
}

/** The session that continues this one, with what there is of it. */
async function continuationOf(chats: ChatFixture, id: string): Promise<SessionRecord | null> {
  return chats.profile.eventStore.findContinuation(id)
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a session is compacted by itself', () => {
  test.each([
    [
      'the provider counted more than 80 % of the window',
      textAnswer('Yes.', { inputTokens: 61, outputTokens: 20 }),
      true,
    ],
    ['the provider counted 80 % of the window', textAnswer('Yes.', { inputTokens: 60, outputTokens: 20 }), false],
    ['nobody counted and more than 80 % are estimated', textAnswer('x'.repeat(44), null, 70), true],
    ['nobody counted and 80 % are estimated', textAnswer('x'.repeat(40), null, 70), false],
    [
      'the last of several requests took more than 80 %',
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
      'only all requests together took more than 80 %',
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
      'the agent tells of no requests and the context is long',
      async function* () {
        yield { type: 'text', block: '1', text: 'x'.repeat(400) }
      } satisfies ScriptedAnswer,
      true,
    ],
    [
      'the agent tells of no requests and the context is short',
      async function* () {
        yield { type: 'text', block: '1', text: 'Yes.' }
      } satisfies ScriptedAnswer,
      false,
    ],
  ])('when %s: %#', async (_, answer, is) => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, { autoCompactThreshold: 0.8 }, answer)
    const id = await runTurn(chats)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(is ? 1 : 0)
    expect((await chats.requireSession(id)).endReason).toBe(is ? 'compression' : null)
    expect((await chats.readLog(id)).at(-1)?.type).toBe(is ? 'SessionContinued' : 'StreamFinished')
    expect(chats.loggedErrors).toEqual([])
  })

  const full = textAnswer('Yes.', { inputTokens: 99 })

  test.each([
    ['that is turned off', { autoCompactThreshold: 0 }],
    ['the window holds everything', { autoCompactThreshold: 0.8, contextWindow: Number.POSITIVE_INFINITY }],
  ])('never where %s', async (_, options) => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, options, full)
    await runTurn(chats)
    await drainEventLoop()
    expect(summaries.runs).toEqual([])
  })

  test('not after an answer that was cancelled or failed', async () => {
    const summaries = new Summaries()
    const cut: ScriptedAnswer = async function* (run) {
      yield* full(run)
      throw new AgentError('PROVIDER', 'It broke.')
    }
    const held: ScriptedAnswer = async function* (run) {
      yield* full(run)
      await forever
    }
    await using chats = compacting(summaries, { autoCompactThreshold: 0.8 }, cut, held, full)
    const id = await runTurn(chats)
    const stream = await chats.start('Again', { sessionId: id })
    await chats.chats.cancel(stream.id)
    await drainEventLoop()
    expect(summaries.runs).toEqual([])
    await runTurn(chats, id)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
  })

  test('not while a message waits, but after its turn', async () => {
    const summaries = new Summaries()
    const held = newLatch()
    const first: ScriptedAnswer = async function* (run) {
      yield* full(run)
      await held.opened
    }
    const second = newLatch()
    const slow: ScriptedAnswer = async function* (run) {
      await second.opened
      yield* full(run)
    }
    await using chats = compacting(summaries, { autoCompactThreshold: 0.8 }, first, slow)
    const stream = await chats.start('One')
    const queued = await chats.start('Two', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    held.open()
    await chats.follow(stream.id)
    await drainEventLoop()
    expect(summaries.runs).toEqual([])
    second.open()
    await chats.follow(queued.id)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
    expect(JSON.stringify(summaries.runs[0]?.messages)).toMatch(/One.*Two/)
  })

  test('and whoever follows it is told where it goes on, behind the end of the answer', async () => {
    await using chats = compacting(new Summaries(), { autoCompactThreshold: 0.8 }, full)
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
    const next = await continuationOf(chats, stream.sessionId)
    expect(events.at(-1)).toMatchObject({ toId: next?.id })
  })

  test('a summary that fails is told to the log of the server alone, and the next answer brings another try', async () => {
    const summaries = new Summaries(() => Promise.reject(new AgentError('RATE_LIMIT', 'Too many.')))
    await using chats = compacting(summaries, { autoCompactThreshold: 0.8 }, full)
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

describe('the session that goes on', () => {
  test('has the title, the model, the settings and the grants of the old one, and ends it in the same moment', async () => {
    await using chats = compacting(new Summaries(), {})
    const old = newSession({
      at: 5,
      profile: 'default',
      title: 'Mine',
      titleSource: 'PERSON',
      model: 'test/mine',
      pinned: true,
      archived: true,
    })
    await chats.profile.eventStore.createSession({ session: old, messages: [] })
    const grants = [
      { sessionId: old.id, tool: 'look' },
      { sessionId: null, tool: 'all' },
    ]
    await chats.profile.eventStore.append({ sessionId: old.id, expectedHeadSeq: 0, events: [], grants })
    await runTurn(chats, old.id)
    const before = await chats.requireSession(old.id)
    const next = await chats.chats.compact(old.id, null)

    expect(next).toMatchObject({
      origin: 'SEGUE',
      source: 'segue',
      profile: 'default',
      title: 'Mine',
      titleSource: 'PERSON',
      model: 'test/mine',
      pinned: true,
      archived: true,
      parentId: old.id,
      forkedFrom: null,
      endedAt: null,
      endReason: null,
      headSeq: 0,
      usage,
    })
    expect(await chats.requireSession(next.id)).toEqual(next)
    const ended = await chats.requireSession(old.id)
    expect(ended).toEqual({
      ...before,
      endedAt: ended.endedAt,
      endReason: 'compression',
      headSeq: before.headSeq + 1,
    })
    const { decisions } = chats.profile
    expect(await decisions.isGranted('look', next.id)).toBe(true)
    expect(await decisions.isGranted('look', 'ses_other')).toBe(false)
    expect(await decisions.isGranted('all', next.id)).toBe(true)
    // The last event of the old one, and the only trace in its log.
    const log = await chats.readLog(old.id)
    expect(log.filter(({ type }) => type === 'SessionContinued')).toEqual([log.at(-1)])
    expect(log.at(-1)).toMatchObject({ seq: ended.headSeq, toId: next.id, streamId: null })
  })

  test('begins with the summary, and the model is told nothing of the old one twice', async () => {
    const summaries = new Summaries()
    const asked: unknown[] = []
    await using chats = compacting(summaries, {}, textAnswer('Pears.'), async function* (run) {
      asked.push(await run.loadHistory())
      yield { type: 'text', block: '1', text: 'Plums.' }
    })
    const id = await runTurn(chats, null, 'Apples?')
    const next = await chats.chats.compact(id, null)
    expect(summaries.runs[0]?.messages).toEqual([user('Apples?'), assistant('Pears.')])
    expect(await chats.profile.segueSessions.loadContextMessages(next.id)).toMatchObject([
      { role: 'SYSTEM', summary: true, status: 'COMPLETE', parts: [text('In short 1.')], usage, streamId: null },
    ])
    expect(await chats.chats.loadModelMessages(next)).toEqual([summary('In short 1.')])
    // The old one still tells what was said in it.
    expect(await chats.chats.loadModelMessages(await chats.requireSession(id))).toEqual([
      user('Apples?'),
      assistant('Pears.'),
    ])

    await runTurn(chats, next.id, 'And?')
    expect(asked).toEqual([[summary('In short 1.'), user('And?')]])
    expect(await chats.chats.loadModelMessages(next)).toEqual([
      summary('In short 1.'),
      user('And?'),
      assistant('Plums.'),
    ])
  })

  test('can be continued itself, again and again: a chain with one root', async () => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, {})
    const ids = [await runTurn(chats)]
    for (let hop = 1; hop <= 4; hop += 1) {
      const { id } = await chats.chats.compact(ids.at(-1) ?? '', null)
      ids.push(id)
      // The summary of the one before is part of what is summarised.
      if (hop > 1) expect(summaries.runs.at(-1)?.messages[0]).toEqual(summary(`In short ${hop - 1}.`))
      if (hop < 4) await runTurn(chats, id)
    }
    for (const [index, id] of ids.entries()) {
      const lineage = await loadLineage(await chats.requireSession(id), (wanted) => chats.sessions.find(wanted))
      expect(lineage).toMatchObject({ root: { id: ids[0] }, segmentCount: index + 1 })
      expect(lineage.parent?.id ?? null).toBe(ids[index - 1] ?? null)
      expect((await chats.sessions.findTip(await chats.requireSession(id))).id).toBe(ids.at(-1))
    }
  })

  test('goes on from one that was deleted under it as a root', async () => {
    await using chats = compacting(new Summaries(), {})
    const next = await chats.chats.compact(await runTurn(chats), null)
    const lineage = await loadLineage(next, async () => null)
    expect(lineage).toMatchObject({ parent: null, root: { id: next.id }, segmentCount: 1 })
    expect(await chats.chats.loadModelMessages(next)).toEqual([summary('In short 1.')])
  })
})

describe('a chat sent to a session that was continued', () => {
  test.each(['REJECT', 'QUEUE', 'INTERRUPT'] as const)(
    'is STALE with %s, and names the tip over several hops',
    async (ifBusy) => {
      await using chats = compacting(new Summaries(), {})
      const first = await runTurn(chats)
      const second = await chats.chats.compact(first, null)
      await runTurn(chats, second.id)
      const third = await chats.chats.compact(second.id, null)
      for (const sessionId of [first, second.id]) {
        const before = await stateOf(chats, sessionId)
        const stale = { code: 'STALE', details: { tipId: third.id } }
        await expect(chats.start('Hi', { sessionId, ifBusy, idempotencyKey: 'k' })).rejects.toMatchObject(stale)
        await expect(chats.chats.compact(sessionId, 'k')).rejects.toMatchObject(stale)
        expect(await stateOf(chats, sessionId)).toEqual(before)
      }
      // The key that was refused is free.
      expect((await chats.start('Hi', { sessionId: third.id, ifBusy, idempotencyKey: 'k' })).sessionId).toBe(third.id)
    },
  )
})

describe('what cannot be compacted', () => {
  test('is a session that is not there, of Hermes, without a word, or with an answer under way', async () => {
    const summaries = new Summaries()
    await using chats = compacting(
      summaries,
      {
        fillHermes: (db) => {
          db.addSession('theirs')
          db.addMessage('theirs', 2, { content: 'Hello' })
        },
      },
      hangingAnswer,
    )
    const empty = await chats.sessions.create({ title: 'Mine', model: null, continues: null })
    const running = await chats.start('Hi')
    const refused = (id: string, as: object) => expect(chats.chats.compact(id, 'k')).rejects.toMatchObject(as)
    await refused('ses_nowhere', { code: 'NOT_FOUND' })
    await refused('theirs', { code: 'SESSION_READ_ONLY' })
    await refused(empty.id, { code: 'BAD_USER_INPUT', details: { path: ['id'] } })
    await refused(running.sessionId, { code: 'SESSION_BUSY', details: { streamId: running.id } })
    expect(summaries.runs).toEqual([])
    expect((await stateOf(chats, empty.id)).record).toEqual(empty)
    await expect(chats.chats.compact(empty.id, '')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })
})

describe('while the summary is made', () => {
  /** A session whose summary is under way, and what it comes to. */
  async function underWay(script: () => Promise<string>) {
    const summaries = new Summaries(script)
    const chats = compacting(summaries, {})
    const id = await runTurn(chats)
    const before = await stateOf(chats, id)
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
    return { chats, id, before, done, summaries }
  }

  test('REJECT and another compaction are refused at once, and nothing is stored', async () => {
    const { chats, id, before, summaries } = await underWay(() => forever)
    await using _ = chats
    const busy = { code: 'SESSION_BUSY', details: {} }
    await expect(chats.start('Hi', { sessionId: id, idempotencyKey: 'k' })).rejects.toMatchObject(busy)
    await expect(chats.chats.compact(id, 'k')).rejects.toMatchObject(busy)
    expect(await stateOf(chats, id)).toEqual(before)
    expect(summaries.runs).toHaveLength(1)
    // Another session is none of its business.
    expect((await chats.start('Hi', { idempotencyKey: 'k' })).status).toBe('RUNNING')
  })

  test('QUEUE waits for it, however long it takes, and is STALE then', async () => {
    const held = newLatch()
    const { chats, id, done } = await underWay(() => held.opened.then(() => 'In short.'))
    await using _ = chats
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const queued = chats.start('Hi', { sessionId: id, ifBusy: 'QUEUE' })
    let over = false
    void queued.catch(() => undefined).then(() => (over = true))
    await drainEventLoop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(over).toBe(false)
    held.open()
    const next = await done
    await expect(queued).rejects.toMatchObject({ code: 'STALE', details: { tipId: next.id } })
  })

  test('QUEUE has its turn when there is no summary', async () => {
    const held = newLatch()
    const { chats, id, done } = await underWay(() =>
      held.opened.then(() => Promise.reject(new AgentError('AUTH', 'No.'))),
    )
    await using _ = chats
    const queued = chats.start('Again', { sessionId: id, ifBusy: 'QUEUE' })
    await drainEventLoop()
    held.open()
    await expect(done).rejects.toMatchObject({ code: 'PROVIDER' })
    await chats.follow((await queued).id)
    expect(await chats.chats.loadModelMessages(await chats.requireSession(id))).toEqual([
      user('Hi'),
      assistant('Yes.'),
      user('Again'),
      assistant('Yes.'),
    ])
  })

  test('INTERRUPT breaks it off, whatever the writer does, and is answered; the session is as it was', async () => {
    const { chats, id, before, done, summaries } = await underWay(() => forever)
    await using _ = chats
    const stream = await chats.start('Now', { sessionId: id, ifBusy: 'INTERRUPT' })
    expect(stream.status).toBe('RUNNING')
    await expect(done).rejects.toMatchObject({ code: 'SESSION_BUSY' })
    expect(summaries.runs[0]?.signal.aborted).toBe(true)
    await chats.follow(stream.id)
    const { log, record } = await stateOf(chats, id)
    expect(log.slice(0, before.log.length)).toEqual(before.log)
    expect(record).toMatchObject({ endedAt: null, endReason: null })
    expect(await continuationOf(chats, id)).toBeNull()
    expect((await chats.chats.compact(id, null)).parentId).toBe(id)
  })

  test('INTERRUPT does not wait for a compaction that was asked for after the one it breaks off', async () => {
    const { chats, id } = await underWay(() => forever)
    await using _ = chats
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const second = chats.chats.compact(id, null)
    second.catch(() => undefined)
    const started = chats.start('Now', { sessionId: id, ifBusy: 'INTERRUPT' })
    started.catch(() => undefined)
    await drainEventLoop()
    await vi.advanceTimersByTimeAsync(6000)
    expect((await started).status).toBe('RUNNING')
    await expect(second).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  })

  test('cancelStream of an answer that is over is answered at once', async () => {
    await using chats = compacting(new Summaries(() => forever), {})
    const stream = await chats.start('Hi')
    await chats.follow(stream.id)
    chats.chats.compact(stream.sessionId, null).catch(() => undefined)
    await drainEventLoop()
    expect(await chats.chats.cancel(stream.id)).toMatchObject({ outcome: 'ALREADY_FINISHED' })
  })

  test('forks of the session are made all the same', async () => {
    const { chats, before } = await underWay(() => forever)
    await using _ = chats
    const fork = await chats.chats.fork(before.messages.at(-1)?.id ?? '')
    expect(await chats.chats.loadModelMessages(fork)).toEqual(before.next)
    const again = await chats.chats.regenerate(before.messages[0]?.id ?? '', 'Now', null)
    await chats.follow(again.id)
    expect(again.sessionId).not.toBe(fork.id)
  })

  test('close breaks it off and waits for no writer', async () => {
    const { chats, id, before, done } = await underWay(() => forever)
    await using _ = chats
    const queued = chats.start('Hi', { sessionId: id, ifBusy: 'QUEUE' })
    queued.catch(() => undefined)
    await drainEventLoop()
    await chats.chats.close()
    await expect(done).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(queued).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(await stateOf(chats, id)).toEqual(before)
    await expect(chats.chats.compact(id, null)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })

  test('close breaks off one that a session began by itself, and tells of no problem', async () => {
    const summaries = new Summaries(() => forever)
    await using chats = compacting(summaries, { autoCompactThreshold: 0.8 }, textAnswer('Yes.', { inputTokens: 99 }))
    const id = await runTurn(chats)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
    await chats.chats.close()
    expect((await chats.requireSession(id)).endedAt).toBeNull()
    expect(chats.loggedErrors).toEqual([])
  })
})

describe('while its model is looked for', () => {
  test('close does not wait for a summary that is about to begin', async () => {
    const summaries = new Summaries(() => forever)
    const held = newLatch()
    let slow = false
    await using chats = compacting(summaries, { beforeResolveModel: () => (slow ? held.opened : undefined) })
    const id = await runTurn(chats)
    slow = true
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await drainEventLoop()
    const closed = chats.chats.close()
    await drainEventLoop()
    held.open()
    await closed
    await expect(done).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(summaries.runs).toEqual([])
  })

  test('a turn that comes and goes is part of what is summarised', async () => {
    const summaries = new Summaries()
    const held = newLatch()
    let slow = false
    await using chats = compacting(summaries, { beforeResolveModel: () => (slow ? held.opened : undefined) })
    const id = await runTurn(chats)
    slow = true
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await drainEventLoop()
    slow = false
    await runTurn(chats, id, 'Meanwhile')
    await drainEventLoop()
    held.open()
    const next = await done
    expect(next.parentId).toBe(id)
    expect(summaries.runs[0]?.messages).toContainEqual(user('Meanwhile'))
  })

  test('a session that somebody else compacts is STALE', async () => {
    const held = newLatch()
    let slow = false
    await using chats = compacting(new Summaries(), { beforeResolveModel: () => (slow ? held.opened : undefined) })
    const id = await runTurn(chats)
    slow = true
    const late = chats.chats.compact(id, null)
    late.catch(() => undefined)
    await drainEventLoop()
    slow = false
    const next = await chats.chats.compact(id, null)
    await drainEventLoop()
    held.open()
    await expect(late).rejects.toMatchObject({ code: 'STALE', details: { tipId: next.id } })
  })
})

test('a message and a compaction at the same moment: one of them is refused at once', async () => {
  const writer = { generateSummary: () => forever }
  await using chats = newChatFixtureWith({ textGenerator: writer }, textAnswer('Yes.'), hangingAnswer)
  const id = await runTurn(chats)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  // Each a little later than the one before: somewhere in there they meet.
  for (let delay = 0; delay < 12; delay += 1) {
    const compaction = chats.chats.compact(id, null)
    compaction.catch(() => undefined)
    for (let tick = 0; tick < delay; tick += 1) await Promise.resolve()
    const [started] = await Promise.allSettled([chats.start('Hi', { sessionId: id }), vi.advanceTimersByTimeAsync(0)])
    if (started.status === 'fulfilled') {
      await expect(compaction).rejects.toMatchObject({ code: 'SESSION_BUSY' })
      await chats.chats.cancel(started.value.id)
    } else {
      expect(started.reason).toMatchObject({ code: 'SESSION_BUSY' })
      const freed = await chats.start('Hi', { sessionId: id, ifBusy: 'INTERRUPT' })
      await expect(compaction).rejects.toMatchObject({ code: 'SESSION_BUSY' })
      await chats.chats.cancel(freed.id)
    }
    await drainEventLoop()
  }
})

describe('without a summary everything is as it was', () => {
  test.each<[string, () => Promise<string>, string]>([
    ...(['RATE_LIMIT', 'QUOTA', 'AUTH', 'TIMEOUT', 'CONTEXT_LENGTH', 'MODEL_NOT_FOUND'] as const).map(
      (code: StreamErrorCode): [string, () => Promise<string>, string] => [
        `the provider says ${code}`,
        () => Promise.reject(new AgentError(code, 'Because.')),
        'PROVIDER',
      ],
    ),
    ['the model writes nothing', async () => '', 'PROVIDER'],
    ['the model writes blanks', async () => ' \n\t ', 'PROVIDER'],
  ])('where %s, and its key is free', async (_, script, code) => {
    await using chats = compacting(new Summaries(script), {})
    const id = await runTurn(chats)
    const before = await stateOf(chats, id)
    await expect(chats.chats.compact(id, 'k')).rejects.toMatchObject({ code })
    expect(await stateOf(chats, id)).toEqual(before)
    expect(await continuationOf(chats, id)).toBeNull()
    await runTurn(chats, id, 'Again')
    expect((await chats.chats.compact(id, 'k')).parentId).toBe(id)
  })

  test('where it cannot be stored', async () => {
    await using chats = compacting(new Summaries(), {})
    const id = await runTurn(chats)
    const before = await stateOf(chats, id)
    chats.hooks.beforeAppend = () => {
      throw new Error('disk full')
    }
    await expect(chats.chats.compact(id, 'k')).rejects.toThrow('disk full')
    delete chats.hooks.beforeAppend
    expect(await stateOf(chats, id)).toEqual(before)
    expect(await continuationOf(chats, id)).toBeNull()
    await runTurn(chats, id, 'Again')
    expect((await chats.chats.compact(id, 'k')).parentId).toBe(id)
  })
})

describe('a key', () => {
  test('is for one continuation, later and at the same time', async () => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, {})
    const id = await runTurn(chats)
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => chats.chats.compact(id, 'k')))
    expect(new Set(others.map((other) => other.id))).toEqual(new Set([first?.id]))
    await runTurn(chats, first?.id ?? '')
    expect((await chats.chats.compact(id, 'k')).id).toBe(first?.id)
    expect(summaries.runs).toHaveLength(1)
    // It outlives the process.
    await using again = openChatFixture(chats.home)
    expect((await again.chats.compact(id, 'k')).id).toBe(first?.id)
  })

  test('that came with another request is an IDEMPOTENCY_MISMATCH, whichever came first', async () => {
    await using chats = compacting(new Summaries(), {})
    const stream = await chats.start('Hi', { idempotencyKey: 'chat' })
    await chats.follow(stream.id)
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH' }
    const id = stream.sessionId
    await expect(chats.chats.compact(id, 'chat')).rejects.toMatchObject({
      ...mismatch,
      details: { streamId: stream.id },
    })
    const next = await chats.chats.compact(id, 'summary')
    await expect(chats.chats.compact(next.id, 'summary')).rejects.toMatchObject({ ...mismatch, details: {} })
    await expect(chats.start('Hi', { sessionId: next.id, idempotencyKey: 'summary' })).rejects.toMatchObject(mismatch)
    const [question] = await chats.profile.segueSessions.loadContextMessages(id)
    await expect(chats.chats.regenerate(question?.id ?? '', null, 'summary')).rejects.toMatchObject(mismatch)
    await expect(chats.chats.regenerate(question?.id ?? '', null, 'chat')).rejects.toMatchObject(mismatch)
  })
})

describe('a crash', () => {
  /** What a turn and a compaction commit, one after the other. */
  const commits = ['StreamStarted', 'TextDelta', 'StreamFinished', 'SessionContinued']

  test.each(commits.flatMap((type) => (['before', 'after'] as const).map((when) => [when, type] as const)))(
    '%s the commit with %s leaves nothing half done',
    async (when, type) => {
      const answer: ScriptedAnswer = async function* (run) {
        await run.loadHistory()
        yield { type: 'text', block: '1', text: 'Yes.' }
        // The next commit has the rest.
        await drainEventLoop()
      }
      const chats = compacting(new Summaries(), {}, answer)
      const id = await runTurn(chats, null, 'First')
      await drainEventLoop()
      const dead = newLatch()
      let isDead = false
      const hook = async ({ events }: { readonly events: readonly { readonly type: string }[] }): Promise<void> => {
        isDead ||= events.some((event) => event.type === type)
        if (isDead) dead.open()
        if (isDead) await forever
      }
      chats.hooks[when === 'before' ? 'beforeAppend' : 'afterAppend'] = hook
      const work = chats
        .start('Second', { sessionId: id })
        .then((stream) => chats.follow(stream.id))
        .then(() => chats.chats.compact(id, null))
      work.catch(() => undefined)
      await dead.opened

      // The process is gone; another one comes.
      await using again = openChatFixture(chats.home, answer)
      await again.chats.recover()
      const { record, log, next } = await stateOf(again, id)
      const continuation = await continuationOf(again, id)
      const isWhole = when === 'after' && type === 'SessionContinued'
      expect(record.endReason).toBe(isWhole ? 'compression' : null)
      expect(record.endedAt === null).toBe(!isWhole)
      expect(log.some((event) => event.type === 'SessionContinued')).toBe(isWhole)
      expect(continuation === null).toBe(!isWhole)
      expect(next.slice(0, 2)).toEqual([user('First'), assistant('Yes.')])
      if (continuation) expect(await again.chats.loadModelMessages(continuation)).toEqual([summary('In short 1.')])
      // Whatever there is can be gone on with.
      await runTurn(again, continuation?.id ?? id, 'Third')
      await chats.profile.close()
    },
  )
})

test('the answers that other sessions wait for are no concern of a compaction', async () => {
  await using chats = newChatFixture(textAnswer('Yes.'))
  // Without a writer, nothing is ever asked of one.
  await runTurn(chats)
  await drainEventLoop()
  expect(chats.loggedErrors).toEqual([])
})
