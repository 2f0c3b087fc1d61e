import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ModelMessage } from 'ai'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Agent, AgentError, type AgentEvent, type AgentRun } from '../../../src/agent/agent.ts'
import { type CancelResult, ChatService } from '../../../src/chat/chat-service.ts'
import { getDeltaText, isDelta } from '../../../src/model/delta.ts'
import { foldMessage } from '../../../src/model/fold-message.ts'
import { toAnswerPosition, toUserMessagePosition } from '../../../src/model/message-position.ts'
import type { ChatRequest } from '../../../src/chat/requests/chat-request.ts'
import type { IfBusy } from '../../../src/chat/turn/if-busy.ts'
import { isFinal } from '../../../src/model/tool-call.ts'
import { newId } from '../../../src/lib/ids.ts'
import { openProfileStorage } from '../../../src/services/profile-stores.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { SessionRepository } from '../../../src/sessions/session-repository.ts'
import type { EventStore, AppendRequest } from '../../../src/storage/event-store.ts'
import type { ApprovalDecision, DecisionRecord } from '../../../src/model/decision.ts'
import type { ChatEvent, DeliveredEvent } from '../../../src/model/chat-event.ts'
import type { MessagePart, MessageRecord } from '../../../src/model/message.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import { wrapStore } from '../../support/storage/event-store.ts'
import { newResolvedModel } from '../../support/providers/resolved-model.ts'
import { anyAgentEvents, anyGate, newCountingRuntime } from '../../support/fixtures/generators.ts'
import { findOpenAiProblems } from '../../support/fixtures/message-rules.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { yieldToEventLoop } from '../../../src/lib/yield-to-event-loop.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import { type DecisionRow, decisionFromRow } from '../../../src/storage/sqlite/rows/decision-row.ts'
import { type EventRow, eventFromRow } from '../../../src/storage/sqlite/rows/event-row.ts'
import { type MessageRow, messageFromRow } from '../../../src/storage/sqlite/rows/message-row.ts'
import type { SessionRow } from '../../../src/storage/sqlite/rows/session-row.ts'
import { type StreamRow, streamFromRow } from '../../../src/storage/sqlite/rows/stream-row.ts'

/** What an agent does in one run: the test releases it one by one. Null: it is done. */
class Script {
  readonly #run: AgentRun
  readonly #obedient: boolean
  readonly #queue: (AgentEvent | Error | null)[] = []
  #wake: () => void = () => undefined
  over = false

  constructor(run: AgentRun, obedient: boolean) {
    this.#run = run
    this.#obedient = obedient
    run.signal.addEventListener('abort', () => this.#wake())
  }

  release(...items: readonly (AgentEvent | Error | null)[]): void {
    this.#queue.push(...items)
    if (items.some((item) => item === null || item instanceof Error)) this.over = true
    this.#wake()
  }

  async *events(): AsyncGenerator<AgentEvent, void, void> {
    await this.#run.history()
    for (;;) {
      if (this.#obedient && this.#run.signal.aborted) return
      const item = this.#queue.shift()
      if (item === null) return
      if (item instanceof Error) throw item
      if (item) yield item
      else {
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        await promise
      }
    }
  }
}

/** A server's life from its start to its end, or to its death. */
interface Life {
  readonly chats: ChatService
  readonly profile: ProfileStorage
  readonly sessions: SessionRepository
  readonly died: Promise<void>
  dead: boolean
  /** A commit has failed: an end may be on its way that nobody asked for. */
  troubled: boolean
  /** How many more commits it lives for. */
  commits: number
  kill(): void
}

type EventOf<Type extends ChatEvent['type']> = Extract<ChatEvent, { readonly type: Type }>

type Outcome<T> = { readonly value: T } | { readonly error: unknown } | 'died'

interface Stored {
  readonly sessions: readonly (SessionRow & { message_count: number })[]
  readonly streams: readonly StreamRecord[]
  readonly messages: readonly MessageRecord[]
  readonly events: readonly ChatEvent[]
  readonly decisions: readonly DecisionRecord[]
}

/** What stands in for the table of a process that has no file yet. */
const nothing: Stored = { sessions: [], streams: [], messages: [], events: [], decisions: [] }

/** A home in which servers live one after the other, and all that clients were told by them. */
class World {
  readonly #home = newTempFolder()
  readonly #path = join(this.#home, 'segue.db')
  readonly #runtime = { ...newCountingRuntime(), newId }
  readonly #lives: Life[] = []
  #life: Life
  /** The agents' runs of this life, by the name of their model, which each stream has to itself. */
  scripts = new Map<string, Script>()
  readonly obedient = new Map<string, boolean>()
  /** All that was ever committed, as it was committed. */
  readonly truth: ChatEvent[] = []
  /** What clients were told, and what they asked for with a key. */
  readonly started = new Map<string, StreamRecord>()
  readonly ended = new Map<string, Pick<CancelResult, 'stream' | 'answer'>>()
  /** Null: nobody came back to tell whether it was begun. */
  readonly keys = new Map<string, { readonly request: ChatRequest; readonly streamId: string | null }>()
  readonly seen: ChatEvent[] = []
  /** How many of the next commits fail. */
  faults = 0
  #models = 0

  constructor() {
    this.#life = this.#begin()
  }

  get chats(): ChatService {
    return this.#life.chats
  }

  /** Whether what is done next comes out as if there were no trouble in the world. */
  get healthy(): boolean {
    return !this.#life.troubled && this.faults === 0 && this.#life.commits === Number.POSITIVE_INFINITY
  }

  newModel(): string {
    return `test/${(this.#models += 1)}`
  }

  /** Does something as a client would; dies with the server, and is there when the next one is. */
  async act<T>(work: (chats: ChatService) => Promise<T>): Promise<Outcome<T>> {
    const done = work(this.chats).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    const outcome = await Promise.race([done, this.#life.died.then(() => 'died' as const)])
    if (this.#life.dead) await this.restart(false)
    return outcome
  }

  /** What the model would be sent next in a session. */
  async contextOf(chats: ChatService, sessionId: string): Promise<readonly ModelMessage[]> {
    const session = await this.#life.sessions.find(sessionId)
    return session ? chats.loadModelMessages(session) : []
  }

  dieAfter(commits: number): void {
    this.#life.commits = commits
  }

  async restart(gracefully: boolean): Promise<void> {
    if (gracefully && !this.#life.dead) {
      const { chats, died } = this.#life
      await Promise.race([chats.close(), died])
    }
    const before = this.stored()
    const running = before.streams.filter(holds).length
    this.#life.kill()
    this.faults = 0
    this.scripts = new Map()
    this.#life = this.#begin()
    expect(await this.chats.recover()).toBe(running)
    const after = this.stored()
    const activity = ({ sessions }: Stored): unknown => sessions.map(({ id, last_activity_at: at }) => [id, at])
    expect(activity(after)).toEqual(activity(before))
  }

  /** Nothing is on its way any more: what is over has ended, and nobody waits for a turn that could come. */
  async settle(): Promise<void> {
    for (;;) {
      const life = this.#life
      await waitUntil(
        () => life.dead || this.#isSettled(),
        () => this.stored().streams,
      )
      if (!life.dead) return
      await this.restart(false)
    }
  }

  stored(): Stored {
    if (!existsSync(this.#path)) return nothing
    const database = new Database(this.#path, { readonly: true })
    try {
      const all = <Row>(sql: string): Row[] => database.prepare<[], Row>(sql).all()
      return {
        sessions: all('SELECT * FROM sessions ORDER BY id'),
        streams: all<StreamRow>('SELECT * FROM streams ORDER BY id').map(streamFromRow),
        messages: all<MessageRow>('SELECT * FROM messages ORDER BY session_id, position').map(messageFromRow),
        events: all<EventRow>('SELECT * FROM events ORDER BY session_id, seq').map(eventFromRow),
        decisions: all<DecisionRow>('SELECT * FROM decisions ORDER BY id').map(decisionFromRow),
      }
    } finally {
      database.close()
    }
  }

  async dispose(): Promise<void> {
    this.faults = 0
    this.dieAfter(Number.POSITIVE_INFINITY)
    if (!this.#life.dead) await this.chats.close()
    for (const life of this.#lives) {
      life.kill()
      await life.profile.close()
    }
    rmSync(this.#home, { recursive: true, force: true })
  }

  #isSettled(): boolean {
    const { streams } = this.stored()
    return streams.every((stream) => {
      const script = this.scripts.get(stream.model)
      if (stream.status === 'QUEUED') {
        return streams.some((other) => other.sessionId === stream.sessionId && holds(other))
      }
      return stream.finishedAt !== null || (script !== undefined && !script.over)
    })
  }

  #begin(): Life {
    const opened = openProfileStorage({ home: this.#home, hermesHome: null, durable: false, log: silentLogger })
    const { promise: died, resolve } = Promise.withResolvers<void>()
    const profile: ProfileStorage = { ...opened, eventStore: this.#mortal(opened.eventStore, () => life) }
    const sessions = new SessionRepository(profile)
    const scripts = this.scripts
    const agent: Agent = {
      answer: (run) => {
        const script = new Script(run, this.obedient.get(run.model) ?? true)
        scripts.set(run.model, script)
        return script.events()
      },
    }
    const chats = new ChatService({
      profile,
      sessions,
      runtime: this.#runtime,
      models: {
        assertKnown: () => undefined,
        resolve: async (id) => newResolvedModel(agent, { id: id ?? '', name: id ?? '' }),
      },
      // All that may go wrong here was made to.
      log: silentLogger,
    })
    const life: Life = {
      chats,
      profile,
      sessions,
      died,
      dead: false,
      troubled: false,
      commits: Number.POSITIVE_INFINITY,
      kill: () => {
        life.dead = true
        resolve()
      },
    }
    this.#lives.push(life)
    return life
  }

  /** A storage that fails when it is told to, and of which nothing is heard any more once its server is dead. */
  #mortal(store: EventStore, lifeOf: () => Life): EventStore {
    const never = new Promise<never>(() => {})
    const alive = <T>(work: () => Promise<T>): Promise<T> =>
      lifeOf().dead ? never : work().then((value) => (lifeOf().dead ? never : value))
    const append = (write: AppendRequest): Promise<void> =>
      alive(async () => {
        const life = lifeOf()
        if (life.commits === 0) {
          life.kill()
          return never
        }
        if (this.faults > 0) {
          this.faults -= 1
          life.troubled = true
          throw new Error('the disk is full')
        }
        await store.append(write)
        this.truth.push(...write.events)
        life.commits -= 1
        // Committed, and nobody was told.
        if (life.commits === 0) life.kill()
      })
    return wrapStore(store, { append }, alive)
  }
}

/** Whether it holds its session: nobody else has a turn there. */
const holds = ({ status }: StreamRecord): boolean => status === 'RUNNING' || status === 'WAITING'

const isOver = (stream: StreamRecord): boolean => stream.finishedAt !== null

/** All that must hold between any two commands, seen from the outside. */
async function check(world: World): Promise<void> {
  // What has just been committed is known here by then.
  await yieldToEventLoop()
  const stored = world.stored()
  for (const session of stored.sessions) checkSession(world, stored, session)
  checkStreams(world, stored)
  for (const [id, told] of world.started) {
    expect(
      stored.streams.some((stream) => stream.id === id),
      'a stream that was begun is there',
    ).toBe(true)
    expect(stored.messages.some((message) => message.id === told.userMessageId)).toBe(true)
  }
  for (const [id, { stream, answer }] of world.ended) {
    expect(stored.streams.find((row) => row.id === id)).toEqual(stream)
    expect(stored.messages.find((row) => row.id === stream.messageId) ?? null).toEqual(answer)
  }
  for (const { id } of stored.sessions) {
    const outcome = await world.act((chats) => world.contextOf(chats, id))
    if (outcome !== 'died' && 'value' in outcome) expect(findOpenAiProblems(outcome.value)).toEqual([])
  }
  for (const event of world.seen) checkSeen(world, event)
}

/** The log has no gap but where a later delta holds the text, and the counters of its session follow it. */
function checkSession(world: World, stored: Stored, session: Stored['sessions'][number]): void {
  const log = stored.events.filter(({ sessionId }) => sessionId === session.id)
  const truth = world.truth.filter(({ sessionId }) => sessionId === session.id)
  expect(truth.map(({ seq }) => seq)).toEqual(truth.map((_, index) => index + 1))
  expect(session.head_seq).toBe(truth.length)
  const kept = new Map(log.map((event) => [event.seq, event]))
  const finished = new Set(stored.streams.filter(isOver).map(({ id }) => id))
  for (const event of truth) {
    const found = kept.get(event.seq)
    if (isDelta(event) && finished.has(event.streamId ?? '')) {
      if (found) expect(isDelta(found)).toBe(true)
    } else expect(isDeepStrictEqual(found, event)).toBe(true)
  }
  expect(log.length).toBeLessThanOrEqual(truth.length)
  const messages = stored.messages.filter(({ sessionId }) => sessionId === session.id)
  expect(session.message_count).toBe(messages.filter(({ position }) => position !== null).length)
  const streams = stored.streams.filter(({ sessionId }) => sessionId === session.id)
  expect(streams.filter(holds).length).toBeLessThanOrEqual(1)
  // Those that waited have their turns in the order in which they came.
  const turns = truth.flatMap((event) => (isTurn(event, truth) ? [event.stream.firstSeq] : []))
  expect(turns).toEqual(turns.toSorted((a, b) => a - b))
}

/** Whether the turn of a stream that waited in the queue comes with this event: the first change of its status. */
function isTurn(event: ChatEvent, truth: readonly ChatEvent[]): event is EventOf<'StreamChanged'> {
  if (event.type !== 'StreamChanged') return false
  const [started, changed] = truth.filter(({ streamId }) => streamId === event.streamId)
  return started?.type === 'StreamStarted' && started.stream.status === 'QUEUED' && changed === event
}

/** Rows are what the events make of them. */
function checkStreams(world: World, stored: Stored): void {
  for (const stream of stored.streams) {
    const all = world.truth.filter(({ streamId }) => streamId === stream.id)
    const ends = all.filter(({ type }) => type === 'StreamFinished')
    expect(ends.length).toBe(isOver(stream) ? 1 : 0)
    expect(stream.lastSeq).toBe(all.at(-1)?.seq)
    expect(stream.firstSeq).toBe(all[0]?.seq)
    const told = all.flatMap((event) => ('stream' in event ? [event.stream] : [])).at(-1)
    expect(stream.status).toBe(told?.status)
    if (isOver(stream)) expect(stream).toEqual(told)
    checkDecisions(stream, stored, all)

    const question = stored.messages.find(({ id }) => id === stream.userMessageId)
    const turn = all.find(
      (event) =>
        (event.type === 'StreamStarted' && event.stream.status === 'RUNNING') ||
        event.type === 'StreamChanged' ||
        event.type === 'StreamFinished',
    )
    expect(question?.position ?? null).toBe(turn ? toUserMessagePosition(turn.seq) : null)
    expect(question?.withdrawn).toBe(turn?.type === 'StreamFinished')
    if (!question) continue
    const frame = { position: toAnswerPosition(question), model: stream.model }
    const folded = (events: readonly ChatEvent[]): MessageRecord | null =>
      events.reduce<MessageRecord | null>((message, event) => foldMessage(frame, message, event), null)
    const answer = folded(all)
    expect(isDeepStrictEqual(folded(stored.events.filter(({ streamId }) => streamId === stream.id)), answer)).toBe(true)
    const row = stored.messages.find(({ streamId, role }) => streamId === stream.id && role === 'ASSISTANT') ?? null
    if (!isOver(stream)) expect(row).toBeNull()
    else {
      // The parts of a very long answer are in the log alone, which was held against the truth above.
      const { inLog, ...plain } = row ?? {}
      const expected = inLog ? { ...answer, parts: [] } : answer
      expect(isDeepStrictEqual(row && plain, expected)).toBe(true)
      if (inLog) expect(JSON.stringify(answer?.parts).length).toBeGreaterThan(262_144)
      expect(stream.messageId).toBe(row?.id ?? null)
      expect((row?.parts ?? []).every((part) => part.type !== 'tool' || isFinal(part.call))).toBe(true)
    }
  }
}

/** A stream waits for people as long as one of them has not decided, and nobody is asked once it is over. */
function checkDecisions({ id, status }: StreamRecord, stored: Stored, events: readonly ChatEvent[]): void {
  const told = events.flatMap((event) => ('decision' in event ? [[event.decision.id, event.decision] as const] : []))
  const newest = [...new Map(told).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const rows = stored.decisions.filter(({ streamId }) => streamId === id)
  expect(isDeepStrictEqual(rows, newest)).toBe(true)
  expect(rows.some(({ state }) => state === 'PENDING')).toBe(status === 'WAITING')
}

/** What a client has seen is in the log: the event itself, or its text. */
function checkSeen(world: World, event: ChatEvent): void {
  const mine = world.truth.filter(({ streamId }) => streamId === event.streamId)
  if (!isDelta(event)) {
    expect(
      isDeepStrictEqual(
        mine.find(({ seq, sessionId }) => seq === event.seq && sessionId === event.sessionId),
        event,
      ),
    ).toBe(true)
    return
  }
  const text = mine
    .filter(isDelta)
    .filter(({ partIndex }) => partIndex === event.partIndex)
    .map(getDeltaText)
    .join('')
  expect(text.slice(event.offset, event.offset + getDeltaText(event).length) === getDeltaText(event)).toBe(true)
}

class Start implements fc.AsyncCommand<object, World> {
  readonly #begins: boolean
  readonly #where: number
  readonly #ifBusy: IfBusy
  readonly #key: string | null
  readonly #obedient: boolean

  constructor(begins: boolean, where: number, ifBusy: IfBusy, key: string | null, obedient: boolean) {
    this.#begins = begins
    this.#where = where
    this.#ifBusy = ifBusy
    this.#key = key
    this.#obedient = obedient
  }

  check = (): boolean => true

  async run(_model: object, world: World): Promise<void> {
    const before = world.stored()
    const known = this.#key === null ? undefined : world.keys.get(this.#key)
    // Few sessions, so that their turns meet.
    const isNew = before.sessions.length < 2 && this.#begins
    const sessionId = isNew ? null : (pick(before.sessions, this.#where)?.id ?? null)
    const model = world.newModel()
    world.obedient.set(model, this.#obedient)
    const request: ChatRequest =
      known?.request ??
      newChatRequest({
        sessionId,
        text: `question for ${model}`,
        model,
        idempotencyKey: this.#key,
        ifBusy: this.#ifBusy,
      })
    const active = before.streams.find((stream) => stream.sessionId === request.sessionId && holds(stream))
    const { healthy } = world
    if (request.idempotencyKey !== null && !known) world.keys.set(request.idempotencyKey, { request, streamId: null })
    const outcome = await world.act((chats) => chats.start(request))
    if (outcome === 'died') return
    if ('error' in outcome) {
      if (healthy) {
        expect(outcome.error).toMatchObject({ code: 'SESSION_BUSY', details: { streamId: active?.id } })
        expect(request.ifBusy).toBe('REJECT')
      }
      // Nothing of it is left, and its key may begin another.
      expect(known?.streamId ?? null).toBeNull()
      if (request.idempotencyKey !== null) world.keys.delete(request.idempotencyKey)
      const mine = (message: MessageRecord): boolean => JSON.stringify(message.parts).includes(`"${request.text}"`)
      expect(world.stored().messages.filter(mine)).toEqual([])
      return
    }
    const stream = outcome.value
    const isFirst = !before.streams.some(({ id }) => id === stream.id)
    world.started.set(stream.id, stream)
    if (request.idempotencyKey !== null) world.keys.set(request.idempotencyKey, { request, streamId: stream.id })
    if (known?.streamId) expect(stream.id).toBe(known.streamId)
    if (!isFirst) {
      expect(known).toBeDefined()
      return
    }
    if (healthy) expect(stream.status).toBe(active && request.ifBusy === 'QUEUE' ? 'QUEUED' : 'RUNNING')
    if (!active) return
    // With a disk in trouble it may have ended by itself meanwhile.
    if (healthy) expect(request.ifBusy).not.toBe('REJECT')
    if (request.ifBusy === 'INTERRUPT') {
      expect(world.stored().streams.find(({ id }) => id === active.id)?.finishedAt ?? null).not.toBeNull()
    }
  }

  toString = (): string =>
    `start(${this.#begins}, ${this.#where}, ${this.#ifBusy}, key ${this.#key}, obedient ${this.#obedient})`
}

class Release implements fc.AsyncCommand<object, World> {
  readonly #which: number
  readonly #items: readonly (AgentEvent | Error | null)[]

  constructor(which: number, items: readonly (AgentEvent | Error | null)[]) {
    this.#which = which
    this.#items = items
  }

  check = (): boolean => true

  async run(_model: object, world: World): Promise<void> {
    pick([...world.scripts.values()], this.#which)?.release(...this.#items)
    await world.settle()
  }

  toString = (): string => `release(${this.#which}, ${JSON.stringify(this.#items)})`
}

class Cancel implements fc.AsyncCommand<object, World> {
  readonly #which: number
  readonly #times: number

  constructor(which: number, times: number) {
    this.#which = which
    this.#times = times
  }

  check = (): boolean => true

  async run(_model: object, world: World): Promise<void> {
    const target = pick(world.stored().streams, this.#which)
    const id = target?.id ?? newId('stream')
    const { healthy } = world
    const outcome = await world.act((chats) => Promise.all(Array.from({ length: this.#times }, () => chats.cancel(id))))
    if (outcome === 'died') return
    if (!target) {
      expect(outcome).toMatchObject({ error: { code: 'NOT_FOUND' } })
      return
    }
    if ('error' in outcome) {
      // One that waits is told at once that it could not be taken back.
      expect(healthy).toBe(false)
      return
    }
    for (const { stream, answer } of outcome.value) {
      expect(isOver(stream)).toBe(true)
      expect({ stream, answer }).toEqual(world.ended.get(id) ?? { stream, answer })
      world.ended.set(id, { stream, answer })
    }
    const outcomes = outcome.value.map((each) => each.outcome)
    if (healthy && !isOver(target)) expect(outcomes).toEqual(['CANCELLED', 'ALREADY_CANCELLED'].slice(0, this.#times))
    if (isOver(target)) {
      const again = target.status === 'CANCELLED' ? 'ALREADY_CANCELLED' : 'ALREADY_FINISHED'
      expect(outcomes).toEqual(outcomes.map(() => again))
    }
  }

  toString = (): string => `cancel(${this.#which}, ${this.#times} times at once)`
}

/** Somebody decides, or two do at once. */
class Decide implements fc.AsyncCommand<object, World> {
  readonly #which: number
  readonly #decision: ApprovalDecision
  readonly #times: number

  constructor(which: number, decision: ApprovalDecision, times: number) {
    this.#which = which
    this.#decision = decision
    this.#times = times
  }

  check = (): boolean => true

  async run(_model: object, world: World): Promise<void> {
    const { decisions: all } = world.stored()
    const waiting = all.filter(({ state }) => state === 'PENDING')
    // Now and then it is one that is settled already.
    const target = pick(waiting.length > 0 && this.#which % 4 > 0 ? waiting : all, this.#which)
    if (!target) return
    const { healthy } = world
    const decide = ({ decisions }: ChatService): Promise<DecisionRecord> =>
      target.kind === 'approval'
        ? decisions.answerApproval(target.id, this.#decision)
        : decisions.answerClarification(target.id, 'Yes.')
    const outcome = await world.act((chats) =>
      Promise.allSettled(Array.from({ length: this.#times }, () => decide(chats))),
    )
    if (outcome === 'died' || 'error' in outcome) return
    const answered = outcome.value.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    for (const each of outcome.value) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'STALE' })
    }
    expect(answered.length).toBeLessThanOrEqual(target.state === 'PENDING' ? 1 : 0)
    const row = () => world.stored().decisions.find(({ id }) => id === target.id)
    for (const decision of answered) {
      expect(decision.state).toBe('ANSWERED')
      expect(row()).toEqual(decision)
    }
    // Nobody is told that it is settled while it goes on waiting: its agent, or the end of its stream, was faster.
    if (healthy && answered.length === 0) await waitUntil(() => row()?.state !== 'PENDING', row)
  }

  toString = (): string => `decide(${this.#which}, ${this.#decision}, ${this.#times} times at once)`
}

class Follow implements fc.AsyncCommand<object, World> {
  readonly #which: number
  readonly #cursor: number
  readonly #session: boolean

  constructor(which: number, cursor: number, session: boolean) {
    this.#which = which
    this.#cursor = cursor
    this.#session = session
  }

  check = (): boolean => true

  async run(_model: object, world: World): Promise<void> {
    const stored = world.stored()
    const stream = pick(stored.streams, this.#which)
    if (!stream) return
    const head = stored.sessions.find(({ id }) => id === stream.sessionId)?.head_seq ?? 0
    const after = this.#cursor % (head + 1)
    const follow = (chats: ChatService): Promise<AsyncIterableIterator<DeliveredEvent>> =>
      this.#session
        ? chats.subscriptions.subscribeToSession(stream.sessionId, after)
        : chats.subscriptions.subscribeToStream(stream.id, after)
    const wanted = world.truth.filter(
      ({ sessionId, streamId, seq }) =>
        sessionId === stream.sessionId && seq > after && (this.#session || streamId === stream.id),
    )
    await world
      .act(async (chats) => {
        const got: ChatEvent[] = []
        const reading = await follow(chats)
        while ((got.at(-1)?.seq ?? 0) < (wanted.at(-1)?.seq ?? 0)) {
          const { value, done } = await reading.next()
          if (done) break
          expect(value.type).not.toBe('StreamReset')
          if (value.type === 'StreamReset') continue
          got.push(value)
          world.seen.push(value)
        }
        if (!this.#session && isOver(stream)) expect((await reading.next()).done).toBe(true)
        else await reading.return?.()
        expect(partsOf(got, stream)).toEqual(partsOf(wanted, stream))
        expect(got.filter((event) => !isDelta(event))).toEqual(wanted.filter((event) => !isDelta(event)))
      })
      .then((outcome) => {
        if (outcome !== 'died' && 'error' in outcome) throw outcome.error
      })
  }

  toString = (): string => `follow(${this.#which}, ${this.#cursor}, ${this.#session ? 'session' : 'stream'})`
}

/** What a reader without anything makes of some events: texts may begin in the middle. */
function partsOf(events: readonly ChatEvent[], { id }: StreamRecord): readonly MessagePart[] {
  const frame = { position: 0, model: '' }
  const mine = events.filter(({ streamId }) => streamId === id)
  return mine.reduce<MessageRecord | null>((message, event) => foldMessage(frame, message, event), null)?.parts ?? []
}

class Restart implements fc.AsyncCommand<object, World> {
  readonly #gracefully: boolean

  constructor(gracefully: boolean) {
    this.#gracefully = gracefully
  }

  check = (): boolean => true

  run(_model: object, world: World): Promise<void> {
    return world.restart(this.#gracefully)
  }

  toString = (): string => (this.#gracefully ? 'restart' : 'crash')
}

class Trouble implements fc.AsyncCommand<object, World> {
  readonly #what: 'disk' | 'death'
  readonly #count: number

  constructor(what: 'disk' | 'death', count: number) {
    this.#what = what
    this.#count = count
  }

  check = (): boolean => true

  async run(_model: object, world: World): Promise<void> {
    if (this.#what === 'disk') world.faults = this.#count
    else world.dieAfter(this.#count)
  }

  toString = (): string => `${this.#what}(${this.#count})`
}

/** A command, and after it all that must hold. */
function checked(command: fc.AsyncCommand<object, World>): fc.AsyncCommand<object, World> {
  return {
    check: () => true,
    run: async (model, world) => {
      await command.run(model, world)
      // Trouble that was only announced comes with what is done next.
      if (!(command instanceof Trouble)) await world.settle()
      await check(world)
    },
    toString: () => String(command),
  }
}

function pick<T>(all: readonly T[], index: number): T | undefined {
  return all.length === 0 ? undefined : all[index % all.length]
}

const some = fc.nat({ max: 99 })
const ifBusy = fc.constantFrom<IfBusy>('REJECT', 'QUEUE', 'QUEUE', 'QUEUE', 'INTERRUPT')
const key = fc.constantFrom(null, null, null, null, 'a', 'b')
const start = fc
  .tuple(fc.boolean(), some, ifBusy, key, fc.boolean())
  .map(([begins, where, busy, of, obedient]) => new Start(begins, where, busy, of, obedient))
const release = fc
  .tuple(
    some,
    anyAgentEvents.filter(({ length }) => length > 0),
  )
  .map(([which, items]) => new Release(which, items))
const asking = fc
  .tuple(some, anyGate)
  .map(
    ([which, gate]) => new Release(which, [{ type: 'tool-call', callId: '0', name: 'ask', argumentsText: '{}', gate }]),
  )
const end = fc
  .tuple(some, fc.constantFrom(null, null, new Error('It broke.'), new AgentError('TIMEOUT', 'It took too long.')))
  .map(([which, item]) => new Release(which, [item]))
const cancel = fc.tuple(some, fc.constantFrom(1, 2)).map(([which, times]) => new Cancel(which, times))
const decide = fc
  .tuple(some, fc.constantFrom<ApprovalDecision>('ONCE', 'SESSION', 'ALWAYS', 'DENY'), fc.constantFrom(1, 2))
  .map(([which, decision, times]) => new Decide(which, decision, times))
const followed = fc
  .tuple(some, some, fc.boolean())
  .map(([which, cursor, session]) => new Follow(which, cursor, session))
const restart = fc.boolean().map((gracefully) => new Restart(gracefully))
const disk = fc.constantFrom(1, 2).map((count) => new Trouble('disk', count))
const death = fc.constantFrom(0, 1, 2).map((count) => new Trouble('death', count))

/** Each as often as it is to be done, in comparison. */
const commands = fc.commands(
  [
    ...[start, start, start, start, start, start],
    ...[release, release, release, asking, asking],
    ...[end, end, end, end],
    ...[cancel, cancel],
    ...[decide, decide, decide],
    ...[followed, followed],
    ...[restart, death, disk],
  ].map((command) => command.map(checked)),
  { maxCommands: 40, size: 'max' },
)

test(
  'whatever people, agents, disks and crashes do to it, a chat keeps what it promises',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const world = new World()
        try {
          await fc.asyncModelRun(() => ({ model: {}, real: world }), all)
          await world.restart(true)
          await world.settle()
          await check(world)
        } finally {
          await world.dispose()
        }
      }),
      { numRuns: 40, interruptAfterTimeLimit: 6_000, markInterruptAsFailure: false },
    )
  },
)
