import { approvalRuleOf, hasRule } from '../../../support/storage/approval-rules.ts'
import {
  findContinuation,
  loadState,
  newCompactionChats,
  Summaries,
  summaryUsage,
} from '../../../support/fixtures/chats/compaction-chats.ts'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AgentError } from '../../../../src/agent/agent.ts'
import { loadLineageSummary } from '../../../../src/model/conversation/lineage.ts'
import { newLineageReader, withoutRetries } from '../../../support/sessions/lineage-reader.ts'
import { newSession } from '../../../../src/sessions/new-session.ts'
import type { StreamErrorCode } from '../../../../src/model/stream.ts'
import { openChatFixture, type ScriptedAnswer, newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import {
  drainEventLoop,
  textAnswer,
  hangingAnswer,
  modelMessage,
  runTurn,
} from '../../../support/fixtures/scripted-answers.ts'

const forever = new Promise<never>(() => {})

const { text, user, assistant, summary } = modelMessage

afterEach(() => {
  vi.useRealTimers()
})

describe('a continuation', () => {
  test('inherits title, model, flags and grants, and is committed together with the end of the old session', async () => {
    await using chats = newCompactionChats(new Summaries(), {})
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
    const approvalRules = [
      approvalRuleOf({ sessionId: old.id, tool: 'look' }),
      approvalRuleOf({ sessionId: null, tool: 'all' }),
    ]
    await chats.profile.eventStore.append({ sessionId: old.id, expectedHeadSeq: 0, events: [], approvalRules })
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
      parentId: old.id,
      forkedFrom: null,
      endedAt: null,
      endReason: null,
      headSeq: 0,
      usage: summaryUsage,
    })
    // Pins and archive are those of the conversation.
    expect(await chats.requireSession(next.id)).toEqual({ ...next, pinned: true, archived: true })
    const ended = await chats.requireSession(old.id)
    expect(ended).toEqual({
      ...before,
      endedAt: ended.endedAt,
      endReason: 'compression',
      // When the compaction begins, when it ends, and the last event.
      headSeq: before.headSeq + 3,
    })
    const rules = chats.profile.approvalRules
    expect(await rules.listForTool('look', next.id)).toMatchObject([{ id: approvalRules[0]?.id, sessionId: next.id }])
    expect(await hasRule(rules, 'look', old.id)).toBe(false)
    expect(await hasRule(rules, 'all', next.id)).toBe(true)
    // It is the last event in the log of the old session.
    const log = await chats.readLog(old.id)
    expect(log.filter(({ type }) => type === 'SessionContinued')).toEqual([log.at(-1)])
    expect(log.at(-1)).toMatchObject({ seq: ended.headSeq, toId: next.id, streamId: null })
  })

  test('starts with the summary, and the model is sent nothing of the old session twice', async () => {
    const summaries = new Summaries()
    const histories: unknown[] = []
    await using chats = newCompactionChats(summaries, {}, textAnswer('Pears.'), async function* (run) {
      histories.push(await run.loadHistory())
      yield { type: 'text', block: '1', text: 'Plums.' }
    })
    const id = await runTurn(chats, null, 'Apples?')
    const next = await chats.chats.compact(id, null)
    expect(summaries.runs[0]?.paragraphs).toEqual(['User: Apples?', 'Assistant: Pears.'])
    expect(await chats.profile.segueSessions.loadContextMessages(next.id)).toMatchObject([
      {
        role: 'SYSTEM',
        summary: true,
        status: 'COMPLETE',
        parts: [text('In short 1.')],
        usage: summaryUsage,
        streamId: null,
      },
    ])
    const quotes = ['Apples?']
    expect(await chats.chats.loadModelMessages(next)).toEqual([summary('In short 1.', { quotes })])
    // The context of the old session is unchanged.
    expect(await chats.chats.loadModelMessages(await chats.requireSession(id))).toEqual([
      user('Apples?'),
      assistant('Pears.'),
    ])

    await runTurn(chats, next.id, 'And?')
    const first = summary('In short 1.', { quotes, next: 'And?' })
    expect(histories).toEqual([[first]])
    expect(await chats.chats.loadModelMessages(next)).toEqual([first, assistant('Plums.')])
  })

  test('can be continued again, which makes a chain with one root', async () => {
    const summaries = new Summaries()
    await using chats = newCompactionChats(summaries, {})
    const ids = [await runTurn(chats)]
    for (let hop = 1; hop <= 4; hop += 1) {
      const { id } = await chats.chats.compact(ids.at(-1) ?? '', null)
      ids.push(id)
      // The previous summary is part of what is summarised.
      if (hop > 1) expect(summaries.runs.at(-1)?.previousSummary).toBe(`In short ${hop - 1}.`)
      if (hop < 4) await runTurn(chats, id)
    }
    for (const [index, id] of ids.entries()) {
      const reader = withoutRetries((wanted) => chats.sessions.find(wanted))
      const lineage = await loadLineageSummary(await chats.requireSession(id), reader)
      expect(lineage).toMatchObject({ root: { id: ids[0] }, segmentCount: index + 1 })
      expect(lineage.parent?.id ?? null).toBe(ids[index - 1] ?? null)
      expect((await chats.sessions.findTip(await chats.requireSession(id))).id).toBe(ids.at(-1))
    }
  })

  test('becomes a root when the old session is deleted', async () => {
    await using chats = newCompactionChats(new Summaries(), {})
    const next = await chats.chats.compact(await runTurn(chats), null)
    const lineage = await loadLineageSummary(next, newLineageReader([]))
    expect(lineage).toMatchObject({ parent: null, root: { id: next.id }, segmentCount: 1 })
    expect(await chats.chats.loadModelMessages(next)).toEqual([summary('In short 1.', { quotes: ['Hi'] })])
  })
})

describe('a message to a continued session', () => {
  test.each(['REJECT', 'QUEUE', 'INTERRUPT'] as const)(
    'is refused as STALE with %s, and the error names the tip of the conversation',
    async (ifBusy) => {
      await using chats = newCompactionChats(new Summaries(), {})
      const first = await runTurn(chats)
      const second = await chats.chats.compact(first, null)
      await runTurn(chats, second.id)
      const third = await chats.chats.compact(second.id, null)
      for (const sessionId of [first, second.id]) {
        const before = await loadState(chats, sessionId)
        const stale = { code: 'STALE', details: { tipId: third.id } }
        await expect(chats.start('Hi', { sessionId, ifBusy, key: 'k' })).rejects.toMatchObject(stale)
        await expect(chats.keyed.compact(sessionId, 'k')).rejects.toMatchObject(stale)
        expect(await loadState(chats, sessionId)).toEqual(before)
      }
      // The key of a refused request stays unused.
      expect((await chats.start('Hi', { sessionId: third.id, ifBusy, key: 'k' })).sessionId).toBe(third.id)
    },
  )
})

describe('compaction is refused', () => {
  test('for a session that does not exist, belongs to Hermes, is empty, or has a running stream', async () => {
    const summaries = new Summaries()
    await using chats = newCompactionChats(
      summaries,
      {
        fillHermes: (db) => {
          db.addSession('hermes-session')
          db.addMessage('hermes-session', 2, { content: 'Hello' })
        },
      },
      hangingAnswer,
    )
    const empty = await chats.sessions.create({ title: 'Mine', model: null, continues: null })
    const running = await chats.start('Hi')
    const refused = (id: string, as: object) => expect(chats.keyed.compact(id, 'k')).rejects.toMatchObject(as)
    await refused('ses_nowhere', { code: 'NOT_FOUND' })
    await refused('hermes-session', { code: 'SESSION_READ_ONLY' })
    await refused(empty.id, { code: 'BAD_USER_INPUT', details: { path: ['id'] } })
    await refused(running.sessionId, { code: 'SESSION_BUSY', details: { streamId: running.id } })
    expect(summaries.runs).toEqual([])
    expect(await chats.requireSession(empty.id)).toEqual(empty)
  })
})

describe('a compaction that fails changes nothing, and its key stays unused', () => {
  test.each<[string, () => Promise<string>, string]>([
    ...(['RATE_LIMIT', 'QUOTA', 'AUTH', 'TIMEOUT', 'CONTEXT_LENGTH', 'MODEL_NOT_FOUND'] as const).map(
      (code: StreamErrorCode): [string, () => Promise<string>, string] => [
        `the provider fails with ${code}`,
        () => Promise.reject(new AgentError(code, 'Because.')),
        'PROVIDER',
      ],
    ),
    ['the summary is empty', async () => '', 'PROVIDER'],
    ['the summary is blank', async () => ' \n\t ', 'PROVIDER'],
  ])('when %s', async (_, script, code) => {
    await using chats = newCompactionChats(new Summaries(script), {})
    const id = await runTurn(chats)
    const before = await loadState(chats, id)
    await expect(chats.keyed.compact(id, 'k')).rejects.toMatchObject({ code })
    expect(await loadState(chats, id)).toEqual(before)
    expect(await findContinuation(chats, id)).toBeNull()
    await runTurn(chats, id, 'Again')
    expect((await chats.keyed.compact(id, 'k')).parentId).toBe(id)
  })

  test('when it cannot be stored', async () => {
    await using chats = newCompactionChats(new Summaries(), {})
    const id = await runTurn(chats)
    const before = await loadState(chats, id)
    chats.hooks.beforeAppend = () => {
      throw new Error('disk full')
    }
    await expect(chats.keyed.compact(id, 'k')).rejects.toThrow('disk full')
    delete chats.hooks.beforeAppend
    expect(await loadState(chats, id)).toEqual(before)
    expect(await findContinuation(chats, id)).toBeNull()
    await runTurn(chats, id, 'Again')
    expect((await chats.keyed.compact(id, 'k')).parentId).toBe(id)
  })
})

describe('the idempotency key of a compaction', () => {
  test('yields one continuation, for simultaneous and for later requests', async () => {
    const summaries = new Summaries()
    await using chats = newCompactionChats(summaries, {})
    const id = await runTurn(chats)
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => chats.keyed.compact(id, 'k')))
    expect(new Set(others.map((other) => other.id))).toEqual(new Set([first?.id]))
    await runTurn(chats, first?.id ?? '')
    expect((await chats.keyed.compact(id, 'k')).id).toBe(first?.id)
    expect(summaries.runs).toHaveLength(1)
    // The key outlives the process.
    await using again = openChatFixture(chats.home)
    expect((await again.keyed.compact(id, 'k')).id).toBe(first?.id)
  })

  test('is refused with IDEMPOTENCY_MISMATCH for any other request, and the other way round', async () => {
    await using chats = newCompactionChats(new Summaries(), {})
    const stream = await chats.start('Hi', { key: 'chat' })
    await chats.follow(stream.id)
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH' }
    const id = stream.sessionId
    await expect(chats.keyed.compact(id, 'chat')).rejects.toMatchObject({
      ...mismatch,
      details: { streamId: stream.id },
    })
    const next = await chats.keyed.compact(id, 'summary')
    await expect(chats.keyed.compact(next.id, 'summary')).rejects.toMatchObject({ ...mismatch, details: {} })
    await expect(chats.start('Hi', { sessionId: next.id, key: 'summary' })).rejects.toMatchObject(mismatch)
    const [question] = await chats.profile.segueSessions.loadContextMessages(id)
    await expect(chats.keyed.regenerate(question?.id ?? '', null, 'summary')).rejects.toMatchObject(mismatch)
    await expect(chats.keyed.regenerate(question?.id ?? '', null, 'chat')).rejects.toMatchObject(mismatch)
  })
})

describe('a crash during a turn or a compaction', () => {
  /** The commits of a turn and a compaction, in order, each named by one of its events. */
  const commits = ['StreamStarted', 'TextDelta', 'StreamFinished', 'SessionContinued']

  test.each(commits.flatMap((type) => (['before', 'after'] as const).map((when) => [when, type] as const)))(
    '%s the commit with %s leaves the session as it was, or continued',
    async (when, type) => {
      const answer: ScriptedAnswer = async function* (run) {
        await run.loadHistory()
        yield { type: 'text', block: '1', text: 'Yes.' }
        // The next commit has the rest.
        await drainEventLoop()
      }
      const chats = newCompactionChats(new Summaries(), {}, answer)
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

      // The process has died. A new one opens the home.
      await using again = openChatFixture(chats.home, answer)
      await again.chats.recover()
      const { record, log, next } = await loadState(again, id)
      const continuation = await findContinuation(again, id)
      const isContinued = when === 'after' && type === 'SessionContinued'
      expect(record.endReason).toBe(isContinued ? 'compression' : null)
      expect(record.endedAt === null).toBe(!isContinued)
      expect(log.some((event) => event.type === 'SessionContinued')).toBe(isContinued)
      expect(continuation === null).toBe(!isContinued)
      expect(next.slice(0, 2)).toEqual([user('First'), assistant('Yes.')])
      // The newest turn is not summarised, and stays in the old session.
      if (continuation)
        expect(await again.chats.loadModelMessages(continuation)).toEqual([
          summary('In short 1.', { quotes: ['First'], next: 'Second' }),
          assistant('Yes.'),
        ])
      // The conversation can continue.
      await runTurn(again, continuation?.id ?? id, 'Third')
      await chats.profile.close()
    },
  )
})
