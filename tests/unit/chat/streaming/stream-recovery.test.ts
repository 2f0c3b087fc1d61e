import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgentEvent, AgentRun } from '../../../../src/agent/agent.ts'
import type { ChatService } from '../../../../src/chat/chat-service.ts'
import { createChatService } from '../../../../src/chat/create-chat-service.ts'
import { foldMessage } from '../../../../src/model/fold/fold-message.ts'
import { createStreamStartedDraft } from '../../../../src/chat/turn/transitions.ts'
import { newId } from '../../../../src/lib/ids.ts'
import { openProfileStorage } from '../../../../src/services/storage/open-profile-storage.ts'
import type { ProfileStorage } from '../../../../src/storage/profile-storage.ts'
import { newSession } from '../../../../src/sessions/new-session.ts'
import { CombinedSessionRepository } from '../../../../src/sessions/combined-session-repository.ts'
import { type EventStore, type AppendRequest } from '../../../../src/storage/event-store.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteEventStore } from '../../../../src/storage/sqlite/sqlite-event-store.ts'
import { newChatRequest } from '../../../support/fixtures/chat-request.ts'
import { wrapStore } from '../../../support/storage/event-store.ts'
import { newResolvedModel } from '../../../support/providers/resolved-model.ts'
import {
  newCountingRuntime,
  newStream,
  assignSeqs,
  playTurn,
  newUserMessage,
} from '../../../support/fixtures/generators.ts'
import { newHome } from '../../../support/server/segue.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import { subscribeToSqlStatements } from '../../../../src/lib/sql-channel.ts'
import { FencingError } from '../../../../src/storage/errors.ts'

const runtime = { ...newCountingRuntime(), newId }
const textEvent = (text: string): AgentEvent => ({ type: 'text', block: '1', text })
const step: AgentEvent = { type: 'step', estimatedInputTokens: 12 }
const called: AgentEvent = { type: 'tool-call', callId: '0', name: 'look', argumentsText: '{}' }

let home: string
const open: { close: () => Promise<void> }[] = []

beforeEach(() => {
  home = newHome()
})

afterEach(async () => {
  for (const { close } of open.splice(0).reverse()) await close()
  rmSync(home, { recursive: true, force: true })
})

/** A database in the state that a killed process leaves. */
class KilledProcess {
  readonly #database = new SegueProfileDatabase(join(home, 'segue.db'))
  readonly #store = new SqliteEventStore(this.#database)
  readonly #heads = new Map<string, number>()

  async session(): Promise<SessionRecord> {
    const session = newSession({ profile: 'default', title: null, titleSource: null, model: null, at: runtime.now() })
    await this.#store.createSession({ session, messages: [] })
    return session
  }

  finished(session: SessionRecord): Promise<StreamRecord> {
    return this.#turn(session, [step, textEvent('All of it.')], true)
  }

  running(
    session: SessionRecord,
    events: readonly AgentEvent[],
    change: Partial<StreamRecord> = {},
  ): Promise<StreamRecord> {
    return this.#turn(session, events, false, change)
  }

  async queued(session: SessionRecord, text: string): Promise<StreamRecord> {
    const head = this.#head(session)
    const stream = newStream({ ...ids(session, head), status: 'QUEUED' })
    await this.#append(session, {
      events: assignSeqs([createStreamStartedDraft(stream, runtime)], head),
      streams: [{ ...stream, lastSeq: head + 1 }],
      messages: [newUserMessage(stream, text, { position: null })],
    })
    return stream
  }

  close(): void {
    this.#database.close()
  }

  async #turn(
    session: SessionRecord,
    events: readonly AgentEvent[],
    ends: boolean,
    change: Partial<StreamRecord> = {},
  ): Promise<StreamRecord> {
    const head = this.#head(session)
    const stream = newStream(ids(session, head))
    const { turn, events: drafts } = playTurn(events, ends ? { status: 'COMPLETED' } : null, runtime, stream)
    const row = { ...turn.stream, ...change, lastSeq: head + drafts.length }
    await this.#append(session, {
      events: assignSeqs(drafts, head),
      streams: [row],
      messages: [newUserMessage(stream), ...(ends && turn.answer ? [turn.answer] : [])],
      activityAt: runtime.now(),
    })
    return row
  }

  async #append(session: SessionRecord, write: Omit<AppendRequest, 'sessionId' | 'expectedHeadSeq'>): Promise<void> {
    const head = this.#head(session)
    await this.#store.append({ sessionId: session.id, expectedHeadSeq: head, ...write })
    this.#heads.set(session.id, head + write.events.length)
  }

  #head({ id }: SessionRecord): number {
    return this.#heads.get(id) ?? 0
  }
}

function ids(session: SessionRecord, head: number): Partial<StreamRecord> {
  return { id: newId('stream'), userMessageId: newId('message'), sessionId: session.id, firstSeq: head + 1 }
}

interface Started {
  readonly chats: ChatService
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly statements: string[]
  /** The longest wait for a model list that each look-up of a model allowed, in milliseconds; undefined: the default. */
  readonly maxListWaitsMs: (number | undefined)[]
}

/** Opens the chats of the home, as the next process does. */
function start(
  options: { store?: (store: EventStore) => EventStore; answer?: (run: AgentRun) => AsyncIterable<AgentEvent> } = {},
): Started {
  const statements: string[] = []
  const databasePath = join(home, 'segue.db')
  const subscription = subscribeToSqlStatements(({ path, sql }) => path === databasePath && statements.push(sql))
  const opened = openProfileStorage({
    home,
    hermesHome: null,
    durable: false,
    log: silentLogger,
  })
  const profile = { ...opened, eventStore: options.store?.(opened.eventStore) ?? opened.eventStore }
  const sessions = new CombinedSessionRepository(profile)
  const answer = options.answer ?? async function* () {}
  const maxListWaitsMs: (number | undefined)[] = []
  const chats = createChatService({
    profile,
    sessions,
    models: {
      assertKnown: () => undefined,
      resolve: async (id, { maxListWaitMs } = {}) => {
        maxListWaitsMs.push(maxListWaitMs)
        return newResolvedModel({ answer }, { id: id ?? '', name: id ?? '' })
      },
    },
    log: silentLogger,
  })
  open.push({
    close: async () => {
      await chats.close()
      await profile.close()
      subscription[Symbol.dispose]()
    },
  })
  return { chats, profile, sessions, statements, maxListWaitsMs }
}

const logOf = ({ profile }: Started, sessionId: string): Promise<ChatEvent[]> =>
  profile.eventStore.readEvents({ sessionId, after: 0, limit: 1000 })

describe('a stream that a killed process left running', () => {
  test('ends as INTERRUPTED, with the answer that its log holds', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    await killed.finished(session)
    const stream = await killed.running(session, [
      step,
      { type: 'reasoning', block: '1', text: 'Hm' },
      textEvent('Half a'),
      called,
    ])
    killed.close()

    const started = start()
    expect(await started.chats.recover()).toBe(1)
    const ended = await started.chats.findStream(stream.id)
    const answer = await started.chats.messageQueries.findAnswer(stream.id)
    expect(ended).toMatchObject({
      status: 'INTERRUPTED',
      generation: stream.generation + 1,
      error: { code: 'SERVER_RESTART' },
      usage: { estimated: true, inputTokens: 12 },
      step: null,
      messageId: answer?.id,
    })
    expect(answer).toMatchObject({
      status: 'PARTIAL',
      parts: [
        { type: 'reasoning', text: 'Hm' },
        { type: 'text', text: 'Half a' },
        { type: 'tool', call: { name: 'look', state: 'OUTCOME_UNKNOWN' } },
      ],
    })
    const log = await logOf(started, session.id)
    const frame = { position: answer?.position ?? 0, model: stream.model }
    const folded = log
      .filter(({ streamId }) => streamId === stream.id)
      .reduce<MessageRecord | null>((message, event) => foldMessage(frame, message, event), null)
    expect(answer).toEqual(folded)
    expect(log.at(-1)).toMatchObject({ type: 'StreamFinished', seq: ended?.lastSeq })
    using snapshot = started.chats.takeSnapshot()
    expect(snapshot.findActiveStream(session.id)).toBeNull()
  })

  test('ends without an answer if it has produced nothing', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    const stream = await killed.running(session, [])
    killed.close()
    const started = start()
    await started.chats.recover()
    expect(await started.chats.findStream(stream.id)).toMatchObject({ status: 'INTERRUPTED', messageId: null })
    expect(await started.chats.messageQueries.findAnswer(stream.id)).toBeNull()
  })

  test('ends together with its tool call if it waits for a decision', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    const stream = await killed.running(session, [{ type: 'tool-input', callId: '0', name: 'look', text: '{' }], {
      status: 'WAITING',
    })
    killed.close()
    const started = start()
    await started.chats.recover()
    expect(await started.chats.findStream(stream.id)).toMatchObject({ status: 'INTERRUPTED' })
    expect((await started.chats.messageQueries.findAnswer(stream.id))?.parts).toMatchObject([
      { call: { state: 'FAILED' } },
    ])
  })

  test('does not count as activity of its session, but its answer counts as a message', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    await killed.running(session, [textEvent('Half')])
    killed.close()
    const started = start()
    const before = await started.sessions.find(session.id)
    await started.chats.recover()
    const after = await started.sessions.find(session.id)
    expect(after?.lastActivityAt).toBe(before?.lastActivityAt)
    expect(await started.profile.segueSessions.countMessages([session.id])).toEqual(new Map([[session.id, 2]]))
  })

  test('is fenced: a later write of the old process is refused', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    const stream = await killed.running(session, [textEvent('Half')])
    killed.close()
    const started = start()
    await started.chats.recover()
    const head = (await started.sessions.find(session.id))?.headSeq ?? 0
    const late = started.profile.eventStore.append({
      sessionId: session.id,
      expectedHeadSeq: head,
      fences: [{ streamId: stream.id, generation: stream.generation }],
      events: [],
    })
    await expect(late).rejects.toThrow(FencingError)
  })

  test('ends once: the next start finds nothing to do', async () => {
    const killed = new KilledProcess()
    for (let count = 0; count < 3; count += 1) await killed.running(await killed.session(), [textEvent('Half')])
    killed.close()
    expect(await start().chats.recover()).toBe(3)
    expect(await start().chats.recover()).toBe(0)
  })

  test('leaves its session free for the next message', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    await killed.running(session, [textEvent('Half')])
    killed.close()
    const contexts: unknown[] = []
    const { chats } = start({
      async *answer(run) {
        contexts.push(await run.loadHistory())
        yield textEvent('Whole.')
      },
    })
    await chats.recover()
    const stream = await chats.start(newChatRequest({ sessionId: session.id, text: 'Go on', model: 'test/model' }))
    const events = await Array.fromAsync(await chats.subscriptions.subscribeToStream(stream.id, 0))
    expect(events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
    const texts = [['Hi'], ['Half'], ['Go on']]
    expect(contexts).toMatchObject([texts.map(([text]) => ({ content: [{ type: 'text', text }] }))])
  })
})

describe('a queued stream', () => {
  test('stays queued, and starts in order after the running stream has ended', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    const orphan = await killed.running(session, [textEvent('Half')])
    const waiting = []
    for (const text of ['first', 'second', 'third']) waiting.push(await killed.queued(session, text))
    killed.close()

    const questions: string[] = []
    const started = start({
      async *answer(run) {
        questions.push(JSON.stringify((await run.loadHistory()).at(-1)?.content))
        yield textEvent('Answered.')
      },
    })
    expect(await started.chats.recover()).toBe(1)
    const last = waiting.at(-1)?.id ?? ''
    await Array.fromAsync(await started.chats.subscriptions.subscribeToStream(last, 0))
    expect(questions).toEqual(['first', 'second', 'third'].map((text) => JSON.stringify([{ type: 'text', text }])))
    const ends = (await logOf(started, session.id)).filter(({ type }) => type === 'StreamFinished')
    expect(ends.map(({ streamId }) => streamId)).toEqual([orphan.id, ...waiting.map(({ id }) => id)])
    const messages = await started.profile.segueSessions.loadContextMessages(session.id)
    expect(messages.map(({ role }) => role)).toEqual(Array.from({ length: 4 }, () => ['USER', 'ASSISTANT']).flat())
  })

  test('can be cancelled after the restart, before its turn', async () => {
    const killed = new KilledProcess()
    const session = await killed.session()
    await killed.queued(session, 'first')
    const second = await killed.queued(session, 'second')
    killed.close()
    const { chats } = start({
      // oxlint-disable-next-line require-yield
      async *answer(run) {
        await new Promise((resolve) => run.signal.addEventListener('abort', resolve, { once: true }))
      },
    })
    await chats.recover()
    expect(await chats.cancel(second.id)).toMatchObject({ outcome: 'CANCELLED', answer: null })
    expect((await chats.messageQueries.findMessage(second.userMessageId))?.withdrawn).toBe(true)
  })
})

test('a queued stream starts without waiting for a model list of a provider, during which it could not be cancelled', async () => {
  const killed = new KilledProcess()
  const { id } = await killed.queued(await killed.session(), 'first')
  killed.close()
  const { chats, maxListWaitsMs } = start()
  await chats.recover()
  await Array.fromAsync(await chats.subscriptions.subscribeToStream(id, 0))
  expect(maxListWaitsMs).toEqual([0])
})

describe('a crash during recovery', () => {
  /** A store whose process is killed after this many commits. */
  const killedAfter =
    (commits: number) =>
    (store: EventStore): EventStore => {
      let left = commits
      return wrapStore(store, {
        appendAll: async (writes) => {
          if (left === 0) throw new Error('the process was killed')
          left -= 1
          await store.appendAll(writes)
        },
      })
    }

  test('leaves the rest to the next start, and each stream ends once', async () => {
    const killed = new KilledProcess()
    const sessions: SessionRecord[] = []
    for (let count = 0; count < 4; count += 1) {
      const session = await killed.session()
      sessions.push(session)
      await killed.running(session, [step, textEvent(`Half of ${count}`), called])
      await killed.queued(session, 'next')
    }
    killed.close()
    await expect(start({ store: killedAfter(1) }).chats.recover()).rejects.toThrow('killed')
    await expect(start({ store: killedAfter(2) }).chats.recover()).rejects.toThrow('killed')
    const models: string[] = []
    const started = start({
      async *answer(run) {
        await run.loadHistory()
        models.push(run.model)
        yield textEvent('Answered.')
      },
    })
    expect(await started.chats.recover()).toBe(1)
    for (const { id } of sessions) {
      const [orphan, queued] = await started.profile.eventStore
        .readEvents({ sessionId: id, after: 0, limit: 100 })
        .then((log) => log.filter(({ type }) => type === 'StreamStarted').map(({ streamId }) => streamId ?? ''))
      await Array.fromAsync(await started.chats.subscriptions.subscribeToStream(queued ?? '', 0))
      const ends = (await logOf(started, id)).filter(({ type }) => type === 'StreamFinished')
      expect(ends.map(({ streamId }) => streamId)).toEqual([orphan, queued])
    }
    expect(models.length).toBe(4)
  })
})

describe('the cost of recovery', () => {
  /** The statements of a recovery in a database with this many sessions whose streams have ended. */
  async function statementsBeside(finished: number): Promise<string[]> {
    const killed = new KilledProcess()
    for (let count = 0; count < finished / 5; count += 1) {
      const session = await killed.session()
      for (let turn = 0; turn < 5; turn += 1) await killed.finished(session)
    }
    for (let count = 0; count < 3; count += 1) {
      const session = await killed.session()
      await killed.finished(session)
      await killed.running(session, [step, textEvent('Half')])
    }
    killed.close()
    const { chats, statements } = start()
    statements.length = 0
    expect(await chats.recover()).toBe(3)
    return [...statements]
  }

  test('depends on the number of unfinished streams, not on the size of the database', async () => {
    const few = await statementsBeside(10)
    rmSync(home, { recursive: true, force: true })
    home = newHome()
    const many = await statementsBeside(1000)
    expect(few.length).toBeGreaterThan(0)
    expect(many.length).toBe(few.length)
  })

  test('includes no full table scan', async () => {
    const statements = await statementsBeside(10)
    // Opened as the server does: each connection has a temporary table of its own, emptied with each transaction.
    const database = new SegueProfileDatabase(join(home, 'segue.db'))
    try {
      for (const sql of new Set(statements)) {
        if (!/^(SELECT|UPDATE)/.test(sql) || sql.includes('temp.')) continue
        const plan = database.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all()
        for (const { detail } of plan) {
          // The queues of what is deleted hold only what was deleted shortly before the stop; read_marks_start has one row.
          if (
            /^SCAN (?!json_each|CONSTANT ROW|visible_changes|deleted_sessions|deleted_jobs|read_marks_start$)/.test(
              detail,
            )
          )
            expect(detail).toMatch(/unfinished_streams|running_job_runs/)
        }
      }
    } finally {
      database.close()
    }
  })
})
