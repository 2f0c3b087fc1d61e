import { afterEach, describe, expect, test, vi } from 'vitest'
import { AgentError, type WritingRun, type Written } from '../../../../src/agent/agent.ts'
import { lineageOf } from '../../../../src/sessions/load-lineage.ts'
import { newSession } from '../../../../src/sessions/session-repository.ts'
import { noUsage, type SessionRecord, type StreamErrorCode } from '../../../../src/model/records.ts'
import {
  type AgentChats,
  type AgentChatsOptions,
  agentChatsIn,
  type Answer,
  gate,
  newAgentChats,
  newAgentChatsWith,
} from '../../../support/fixtures/agent-chats.ts'
import { calm, says, stuck, told, turn } from '../../../support/fixtures/scripted-answers.ts'

const forever = new Promise<never>(() => {})
const usage = { estimated: false, inputTokens: 70, outputTokens: 7, reasoningTokens: 3, cachedInputTokens: 50 }

/** What the writer was asked for, and what it answers: `In short 1.`, `In short 2.`, … unless a test scripts it. */
class Summaries {
  readonly runs: WritingRun[] = []
  readonly #scripts: (() => Promise<string>)[]

  constructor(...scripts: (() => Promise<string>)[]) {
    this.#scripts = scripts
  }

  readonly summarise = async (run: WritingRun): Promise<Written> => {
    const count = this.runs.push(run)
    const script = this.#scripts.shift()
    return { text: script ? await script() : `In short ${count}.`, usage }
  }
}

function compacting(summaries: Summaries, options: AgentChatsOptions, ...answers: Answer[]): AgentChats {
  return newAgentChatsWith(
    { writer: summaries, window: 100, ...options },
    ...(answers.length > 0 ? answers : [says('Yes.')]),
  )
}

const { text, user, assistant, summary } = told

/** Everything that is stored of a session. */
async function stateOf({ session, log, profile, chats }: AgentChats, id: string) {
  const record = await session(id)
  return {
    record,
    log: await log(id),
    messages: await profile.own.contextMessages(id),
    next: await chats.modelContext(record),
  }
}

/** The session that continues this one, with what there is of it. */
async function continuationOf(chats: AgentChats, id: string): Promise<SessionRecord | null> {
  return chats.profile.chats.successorOf(id)
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a session is compacted by itself', () => {
  test.each([
    ['the provider counted more than 80 % of the window', says('Yes.', { inputTokens: 61, outputTokens: 20 }), true],
    ['the provider counted 80 % of the window', says('Yes.', { inputTokens: 60, outputTokens: 20 }), false],
    ['nobody counted and more than 80 % are estimated', says('x'.repeat(44), null, 70), true],
    ['nobody counted and 80 % are estimated', says('x'.repeat(40), null, 70), false],
    [
      'the last of several requests took more than 80 %',
      async function* () {
        yield { type: 'step', estimatedInputTokens: 1 }
        yield { type: 'usage', usage: { ...noUsage, inputTokens: 5 } }
        yield { type: 'step', estimatedInputTokens: 1 }
        yield { type: 'text', block: '1', text: 'Yes.' }
        yield { type: 'usage', usage: { ...noUsage, inputTokens: 81 } }
      } satisfies Answer,
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
      } satisfies Answer,
      false,
    ],
    [
      'the agent tells of no requests and the context is long',
      async function* () {
        yield { type: 'text', block: '1', text: 'x'.repeat(400) }
      } satisfies Answer,
      true,
    ],
    [
      'the agent tells of no requests and the context is short',
      async function* () {
        yield { type: 'text', block: '1', text: 'Yes.' }
      } satisfies Answer,
      false,
    ],
  ])('when %s: %#', async (_, answer, is) => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, { compactAt: 0.8 }, answer)
    const id = await turn(chats)
    await calm()
    expect(summaries.runs).toHaveLength(is ? 1 : 0)
    expect((await chats.session(id)).endReason).toBe(is ? 'compression' : null)
    expect((await chats.log(id)).at(-1)?.type).toBe(is ? 'SessionContinued' : 'StreamFinished')
    expect(chats.problems).toEqual([])
  })

  const full = says('Yes.', { inputTokens: 99 })

  test.each([
    ['that is turned off', { compactAt: 0 }],
    ['the window holds everything', { compactAt: 0.8, window: Number.POSITIVE_INFINITY }],
  ])('never where %s', async (_, options) => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, options, full)
    await turn(chats)
    await calm()
    expect(summaries.runs).toEqual([])
  })

  test('not after an answer that was cancelled or failed', async () => {
    const summaries = new Summaries()
    const cut: Answer = async function* (run) {
      yield* full(run)
      throw new AgentError('PROVIDER', 'It broke.')
    }
    const held: Answer = async function* (run) {
      yield* full(run)
      await forever
    }
    await using chats = compacting(summaries, { compactAt: 0.8 }, cut, held, full)
    const id = await turn(chats)
    const stream = await chats.start('Again', { sessionId: id })
    await chats.chats.cancel(stream.id)
    await calm()
    expect(summaries.runs).toEqual([])
    await turn(chats, id)
    await calm()
    expect(summaries.runs).toHaveLength(1)
  })

  test('not while a message waits, but after its turn', async () => {
    const summaries = new Summaries()
    const held = gate()
    const first: Answer = async function* (run) {
      yield* full(run)
      await held.passed
    }
    const second = gate()
    const slow: Answer = async function* (run) {
      await second.passed
      yield* full(run)
    }
    await using chats = compacting(summaries, { compactAt: 0.8 }, first, slow)
    const stream = await chats.start('One')
    const queued = await chats.start('Two', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    held.open()
    await chats.follow(stream.id)
    await calm()
    expect(summaries.runs).toEqual([])
    second.open()
    await chats.follow(queued.id)
    await calm()
    expect(summaries.runs).toHaveLength(1)
    expect(JSON.stringify(summaries.runs[0]?.messages)).toMatch(/One.*Two/)
  })

  test('and whoever follows it is told where it goes on, behind the end of the answer', async () => {
    await using chats = compacting(new Summaries(), { compactAt: 0.8 }, full)
    const stream = await chats.start('Hi')
    const events = []
    for await (const event of await chats.chats.followers.followSession(stream.sessionId, 0)) {
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
    await using chats = compacting(summaries, { compactAt: 0.8 }, full)
    const id = await turn(chats)
    await calm()
    expect((await chats.session(id)).endedAt).toBeNull()
    expect(chats.problems).toMatchObject([{ code: 'PROVIDER' }])
    await turn(chats, id)
    await calm()
    expect((await chats.session(id)).endReason).toBe('compression')
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
    await chats.profile.chats.createSession({ session: old, messages: [] })
    const grants = [
      { sessionId: old.id, tool: 'look' },
      { sessionId: null, tool: 'all' },
    ]
    await chats.profile.chats.append({ sessionId: old.id, head: 0, events: [], grants })
    await turn(chats, old.id)
    const before = await chats.session(old.id)
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
    expect(await chats.session(next.id)).toEqual(next)
    const ended = await chats.session(old.id)
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
    const log = await chats.log(old.id)
    expect(log.filter(({ type }) => type === 'SessionContinued')).toEqual([log.at(-1)])
    expect(log.at(-1)).toMatchObject({ seq: ended.headSeq, toId: next.id, streamId: null })
  })

  test('begins with the summary, and the model is told nothing of the old one twice', async () => {
    const summaries = new Summaries()
    const asked: unknown[] = []
    await using chats = compacting(summaries, {}, says('Pears.'), async function* (run) {
      asked.push(await run.history())
      yield { type: 'text', block: '1', text: 'Plums.' }
    })
    const id = await turn(chats, null, 'Apples?')
    const next = await chats.chats.compact(id, null)
    expect(summaries.runs[0]?.messages).toEqual([user('Apples?'), assistant('Pears.')])
    expect(await chats.profile.own.contextMessages(next.id)).toMatchObject([
      { role: 'SYSTEM', summary: true, status: 'COMPLETE', parts: [text('In short 1.')], usage, streamId: null },
    ])
    expect(await chats.chats.modelContext(next)).toEqual([summary('In short 1.')])
    // The old one still tells what was said in it.
    expect(await chats.chats.modelContext(await chats.session(id))).toEqual([user('Apples?'), assistant('Pears.')])

    await turn(chats, next.id, 'And?')
    expect(asked).toEqual([[summary('In short 1.'), user('And?')]])
    expect(await chats.chats.modelContext(next)).toEqual([summary('In short 1.'), user('And?'), assistant('Plums.')])
  })

  test('can be continued itself, again and again: a chain with one root', async () => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, {})
    const ids = [await turn(chats)]
    for (let hop = 1; hop <= 4; hop += 1) {
      const { id } = await chats.chats.compact(ids.at(-1) ?? '', null)
      ids.push(id)
      // The summary of the one before is part of what is summarised.
      if (hop > 1) expect(summaries.runs.at(-1)?.messages[0]).toEqual(summary(`In short ${hop - 1}.`))
      if (hop < 4) await turn(chats, id)
    }
    for (const [index, id] of ids.entries()) {
      const lineage = await lineageOf(await chats.session(id), (wanted) => chats.sessions.find(wanted))
      expect(lineage).toMatchObject({ root: { id: ids[0] }, segmentCount: index + 1 })
      expect(lineage.parent?.id ?? null).toBe(ids[index - 1] ?? null)
      expect((await chats.sessions.tip(await chats.session(id))).id).toBe(ids.at(-1))
    }
  })

  test('goes on from one that was deleted under it as a root', async () => {
    await using chats = compacting(new Summaries(), {})
    const next = await chats.chats.compact(await turn(chats), null)
    const lineage = await lineageOf(next, async () => null)
    expect(lineage).toMatchObject({ parent: null, root: { id: next.id }, segmentCount: 1 })
    expect(await chats.chats.modelContext(next)).toEqual([summary('In short 1.')])
  })
})

describe('a chat sent to a session that was continued', () => {
  test.each(['REJECT', 'QUEUE', 'INTERRUPT'] as const)(
    'is STALE with %s, and names the tip over several hops',
    async (ifBusy) => {
      await using chats = compacting(new Summaries(), {})
      const first = await turn(chats)
      const second = await chats.chats.compact(first, null)
      await turn(chats, second.id)
      const third = await chats.chats.compact(second.id, null)
      for (const sessionId of [first, second.id]) {
        const before = await stateOf(chats, sessionId)
        const stale = { code: 'STALE', details: { tipId: third.id } }
        await expect(chats.start('Hi', { sessionId, ifBusy, key: 'k' })).rejects.toMatchObject(stale)
        await expect(chats.chats.compact(sessionId, 'k')).rejects.toMatchObject(stale)
        expect(await stateOf(chats, sessionId)).toEqual(before)
      }
      // The key that was refused is free.
      expect((await chats.start('Hi', { sessionId: third.id, ifBusy, key: 'k' })).sessionId).toBe(third.id)
    },
  )
})

describe('what cannot be compacted', () => {
  test('is a session that is not there, of Hermes, without a word, or with an answer under way', async () => {
    const summaries = new Summaries()
    await using chats = compacting(
      summaries,
      {
        hermes: (db) => {
          db.session('theirs')
          db.message('theirs', 2, { content: 'Hello' })
        },
      },
      stuck,
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
    const id = await turn(chats)
    const before = await stateOf(chats, id)
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await calm()
    expect(summaries.runs).toHaveLength(1)
    return { chats, id, before, done, summaries }
  }

  test('REJECT and another compaction are refused at once, and nothing is stored', async () => {
    const { chats, id, before, summaries } = await underWay(() => forever)
    await using _ = chats
    const busy = { code: 'SESSION_BUSY', details: {} }
    await expect(chats.start('Hi', { sessionId: id, key: 'k' })).rejects.toMatchObject(busy)
    await expect(chats.chats.compact(id, 'k')).rejects.toMatchObject(busy)
    expect(await stateOf(chats, id)).toEqual(before)
    expect(summaries.runs).toHaveLength(1)
    // Another session is none of its business.
    expect((await chats.start('Hi', { key: 'k' })).status).toBe('RUNNING')
  })

  test('QUEUE waits for it, however long it takes, and is STALE then', async () => {
    const held = gate()
    const { chats, id, done } = await underWay(() => held.passed.then(() => 'In short.'))
    await using _ = chats
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const queued = chats.start('Hi', { sessionId: id, ifBusy: 'QUEUE' })
    let over = false
    void queued.catch(() => undefined).then(() => (over = true))
    await calm()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(over).toBe(false)
    held.open()
    const next = await done
    await expect(queued).rejects.toMatchObject({ code: 'STALE', details: { tipId: next.id } })
  })

  test('QUEUE has its turn when there is no summary', async () => {
    const held = gate()
    const { chats, id, done } = await underWay(() =>
      held.passed.then(() => Promise.reject(new AgentError('AUTH', 'No.'))),
    )
    await using _ = chats
    const queued = chats.start('Again', { sessionId: id, ifBusy: 'QUEUE' })
    await calm()
    held.open()
    await expect(done).rejects.toMatchObject({ code: 'PROVIDER' })
    await chats.follow((await queued).id)
    expect(await chats.chats.modelContext(await chats.session(id))).toEqual([
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
    await calm()
    await vi.advanceTimersByTimeAsync(6000)
    expect((await started).status).toBe('RUNNING')
    await expect(second).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  })

  test('cancelStream of an answer that is over is answered at once', async () => {
    await using chats = compacting(new Summaries(() => forever), {})
    const stream = await chats.start('Hi')
    await chats.follow(stream.id)
    chats.chats.compact(stream.sessionId, null).catch(() => undefined)
    await calm()
    expect(await chats.chats.cancel(stream.id)).toMatchObject({ outcome: 'ALREADY_FINISHED' })
  })

  test('forks of the session are made all the same', async () => {
    const { chats, before } = await underWay(() => forever)
    await using _ = chats
    const fork = await chats.chats.fork(before.messages.at(-1)?.id ?? '')
    expect(await chats.chats.modelContext(fork)).toEqual(before.next)
    const again = await chats.chats.regenerate(before.messages[0]?.id ?? '', 'Now', null)
    await chats.follow(again.id)
    expect(again.sessionId).not.toBe(fork.id)
  })

  test('close breaks it off and waits for no writer', async () => {
    const { chats, id, before, done } = await underWay(() => forever)
    await using _ = chats
    const queued = chats.start('Hi', { sessionId: id, ifBusy: 'QUEUE' })
    queued.catch(() => undefined)
    await calm()
    await chats.chats.close()
    await expect(done).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(queued).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(await stateOf(chats, id)).toEqual(before)
    await expect(chats.chats.compact(id, null)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })

  test('close breaks off one that a session began by itself, and tells of no problem', async () => {
    const summaries = new Summaries(() => forever)
    await using chats = compacting(summaries, { compactAt: 0.8 }, says('Yes.', { inputTokens: 99 }))
    const id = await turn(chats)
    await calm()
    expect(summaries.runs).toHaveLength(1)
    await chats.chats.close()
    expect((await chats.session(id)).endedAt).toBeNull()
    expect(chats.problems).toEqual([])
  })
})

describe('while its model is looked for', () => {
  test('close does not wait for a summary that is about to begin', async () => {
    const summaries = new Summaries(() => forever)
    const held = gate()
    let slow = false
    await using chats = compacting(summaries, { finding: () => (slow ? held.passed : undefined) })
    const id = await turn(chats)
    slow = true
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await calm()
    const closed = chats.chats.close()
    await calm()
    held.open()
    await closed
    await expect(done).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(summaries.runs).toEqual([])
  })

  test('a turn that comes and goes is part of what is summarised', async () => {
    const summaries = new Summaries()
    const held = gate()
    let slow = false
    await using chats = compacting(summaries, { finding: () => (slow ? held.passed : undefined) })
    const id = await turn(chats)
    slow = true
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await calm()
    slow = false
    await turn(chats, id, 'Meanwhile')
    await calm()
    held.open()
    const next = await done
    expect(next.parentId).toBe(id)
    expect(summaries.runs[0]?.messages).toContainEqual(user('Meanwhile'))
  })

  test('a session that somebody else compacts is STALE', async () => {
    const held = gate()
    let slow = false
    await using chats = compacting(new Summaries(), { finding: () => (slow ? held.passed : undefined) })
    const id = await turn(chats)
    slow = true
    const late = chats.chats.compact(id, null)
    late.catch(() => undefined)
    await calm()
    slow = false
    const next = await chats.chats.compact(id, null)
    await calm()
    held.open()
    await expect(late).rejects.toMatchObject({ code: 'STALE', details: { tipId: next.id } })
  })
})

test('a message and a compaction at the same moment: one of them is refused at once', async () => {
  const writer = { summarise: () => forever }
  await using chats = newAgentChatsWith({ writer }, says('Yes.'), stuck)
  const id = await turn(chats)
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
    await calm()
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
    const id = await turn(chats)
    const before = await stateOf(chats, id)
    await expect(chats.chats.compact(id, 'k')).rejects.toMatchObject({ code })
    expect(await stateOf(chats, id)).toEqual(before)
    expect(await continuationOf(chats, id)).toBeNull()
    await turn(chats, id, 'Again')
    expect((await chats.chats.compact(id, 'k')).parentId).toBe(id)
  })

  test('where it cannot be stored', async () => {
    await using chats = compacting(new Summaries(), {})
    const id = await turn(chats)
    const before = await stateOf(chats, id)
    chats.hooks.append = () => {
      throw new Error('disk full')
    }
    await expect(chats.chats.compact(id, 'k')).rejects.toThrow('disk full')
    delete chats.hooks.append
    expect(await stateOf(chats, id)).toEqual(before)
    expect(await continuationOf(chats, id)).toBeNull()
    await turn(chats, id, 'Again')
    expect((await chats.chats.compact(id, 'k')).parentId).toBe(id)
  })
})

describe('a key', () => {
  test('is for one continuation, later and at the same time', async () => {
    const summaries = new Summaries()
    await using chats = compacting(summaries, {})
    const id = await turn(chats)
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => chats.chats.compact(id, 'k')))
    expect(new Set(others.map((other) => other.id))).toEqual(new Set([first?.id]))
    await turn(chats, first?.id ?? '')
    expect((await chats.chats.compact(id, 'k')).id).toBe(first?.id)
    expect(summaries.runs).toHaveLength(1)
    // It outlives the process.
    await using again = agentChatsIn(chats.home)
    expect((await again.chats.compact(id, 'k')).id).toBe(first?.id)
  })

  test('that came with another request is an IDEMPOTENCY_MISMATCH, whichever came first', async () => {
    await using chats = compacting(new Summaries(), {})
    const stream = await chats.start('Hi', { key: 'chat' })
    await chats.follow(stream.id)
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH' }
    const id = stream.sessionId
    await expect(chats.chats.compact(id, 'chat')).rejects.toMatchObject({
      ...mismatch,
      details: { streamId: stream.id },
    })
    const next = await chats.chats.compact(id, 'summary')
    await expect(chats.chats.compact(next.id, 'summary')).rejects.toMatchObject({ ...mismatch, details: {} })
    await expect(chats.start('Hi', { sessionId: next.id, key: 'summary' })).rejects.toMatchObject(mismatch)
    const [question] = await chats.profile.own.contextMessages(id)
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
      const answer: Answer = async function* (run) {
        await run.history()
        yield { type: 'text', block: '1', text: 'Yes.' }
        // The next commit has the rest.
        await calm()
      }
      const chats = compacting(new Summaries(), {}, answer)
      const id = await turn(chats, null, 'First')
      await calm()
      const dead = gate()
      let isDead = false
      const hook = async ({ events }: { readonly events: readonly { readonly type: string }[] }): Promise<void> => {
        isDead ||= events.some((event) => event.type === type)
        if (isDead) dead.open()
        if (isDead) await forever
      }
      chats.hooks[when === 'before' ? 'append' : 'appended'] = hook
      const work = chats
        .start('Second', { sessionId: id })
        .then((stream) => chats.follow(stream.id))
        .then(() => chats.chats.compact(id, null))
      work.catch(() => undefined)
      await dead.passed

      // The process is gone; another one comes.
      await using again = agentChatsIn(chats.home, answer)
      await again.chats.recover()
      const { record, log, next } = await stateOf(again, id)
      const continuation = await continuationOf(again, id)
      const isWhole = when === 'after' && type === 'SessionContinued'
      expect(record.endReason).toBe(isWhole ? 'compression' : null)
      expect(record.endedAt === null).toBe(!isWhole)
      expect(log.some((event) => event.type === 'SessionContinued')).toBe(isWhole)
      expect(continuation === null).toBe(!isWhole)
      expect(next.slice(0, 2)).toEqual([user('First'), assistant('Yes.')])
      if (continuation) expect(await again.chats.modelContext(continuation)).toEqual([summary('In short 1.')])
      // Whatever there is can be gone on with.
      await turn(again, continuation?.id ?? id, 'Third')
      await chats.profile.close()
    },
  )
})

test('the answers that other sessions wait for are no concern of a compaction', async () => {
  await using chats = newAgentChats(says('Yes.'))
  // Without a writer, nothing is ever asked of one.
  await turn(chats)
  await calm()
  expect(chats.problems).toEqual([])
})
