import fc from 'fast-check'
import { expect } from 'vitest'
import { AgentError } from '../../../src/agent/agent.ts'
import type { ChatService } from '../../../src/chat/chat-service.ts'
import type { SendMessageRequest } from '../../../src/chat/requests/send-message-request.ts'
import type { IfBusy } from '../../../src/chat/turn/if-busy.ts'
import { SegueError } from '../../../src/lib/errors.ts'
import { newId } from '../../../src/lib/ids.ts'
import type { ChatEvent, DeliveredEvent } from '../../../src/model/chat-event.ts'
import type { ApprovalDecision, DecisionRecord } from '../../../src/model/decision.ts'
import { isDelta } from '../../../src/model/fold/delta.ts'
import { foldMessage } from '../../../src/model/fold/fold-message.ts'
import type { MessagePart, MessageRecord } from '../../../src/model/message.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { newChatRequest } from '../fixtures/chat-request.ts'
import { anyAgentEvents, anyGate } from '../fixtures/generators.ts'
import { assertInvariants, hasEnded, isActive } from './invariants.ts'
import { pick } from './pick.ts'
import { moveQueued, sendQueued, updateQueued } from './queue-commands.ts'
import type { ScriptItem } from './scripted-run.ts'
import {
  anyContextWindow,
  type ChatCommand,
  changeModel,
  compactSession,
  deleteSession,
  fork,
  regenerate,
  writeSummaries,
} from './session-commands.ts'
import type { SimulatedHome } from './simulated-home.ts'
import type { StoredSession } from './stored-summaries.ts'
import { waitUntil } from '../wait-until.ts'

interface StartOptions {
  readonly startsSession: boolean
  readonly sessionIndex: number
  readonly ifBusy: IfBusy
  readonly key: string | null
  readonly obeysSignal: boolean
  /** Of the model of the message; null for the session's model. */
  readonly contextWindow: number | null
  readonly words: number
}

class Start implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #options: StartOptions

  constructor(options: StartOptions) {
    this.#options = options
  }

  check = (): boolean => true

  async run(_model: object, home: SimulatedHome): Promise<void> {
    const { startsSession, sessionIndex, ifBusy, key, obeysSignal, contextWindow, words } = this.#options
    const before = home.readStored()
    const known = key === null ? undefined : home.requestsByKey.get(key)
    // Few sessions, so that their turns interfere. Sometimes one that has ended.
    const open = before.sessions.filter(({ ended_at: endedAt }) => endedAt === null)
    const isNew = open.length < 2 && startsSession
    const session = isNew ? undefined : pick(sessionIndex % 10 > 0 ? open : before.sessions, sessionIndex)
    const model = session && contextWindow === null ? null : home.newModel(contextWindow ?? 1_000)
    if (model !== null) home.obeysSignalByModel.set(model, obeysSignal)
    const request: SendMessageRequest =
      known?.request ?? newChatRequest({ sessionId: session?.id ?? null, text: home.newText(words), model, ifBusy })
    const active = before.streams.find((stream) => stream.sessionId === request.sessionId && isActive(stream))
    const { isHealthy } = home
    if (key !== null && !known) home.requestsByKey.set(key, { request, streamId: null })
    const isCompacting = request.sessionId !== null && home.compactions.has(request.sessionId)
    const starting = home.perform((_, keyed) => keyed.start(key, request))
    // The message waits for the end of the compaction.
    if (isCompacting) home.summaries.release()
    const outcome = await starting
    if (outcome === 'crashed') return
    if ('error' in outcome) {
      if (isHealthy) assertStartRefusal(outcome.error, request, { active, isCompacting, home })
      // Nothing of it is stored, and its key can be used again.
      expect(known?.streamId ?? null).toBeNull()
      if (key !== null) home.requestsByKey.delete(key)
      const ownEvents = (message: MessageRecord): boolean => JSON.stringify(message.parts).includes(`"${request.text}"`)
      expect(home.readStored().messages.filter(ownEvents)).toEqual([])
      return
    }
    const stream = outcome.value
    const isFirst = !before.streams.some(({ id }) => id === stream.id)
    home.startedStreams.set(stream.id, stream)
    if (key !== null) home.requestsByKey.set(key, { request, streamId: stream.id })
    if (known?.streamId) expect(stream.id).toBe(known.streamId)
    if (!isFirst) {
      expect(known).toBeDefined()
      return
    }
    if (isHealthy) expect(stream.status).toBe(active && request.ifBusy === 'QUEUE' ? 'QUEUED' : 'RUNNING')
    if (!active) return
    // With failing commits, the active stream may have ended by itself.
    if (isHealthy) expect(request.ifBusy).not.toBe('REJECT')
    if (request.ifBusy === 'INTERRUPT') {
      expect(home.readStored().streams.find(({ id }) => id === active.id)?.finishedAt ?? null).not.toBeNull()
    }
  }

  toString = (): string => `start(${JSON.stringify(this.#options)})`
}

interface StartCircumstances {
  readonly active: StreamRecord | undefined
  readonly isCompacting: boolean
  readonly home: SimulatedHome
}

/** A message is refused because of a stream, of a compaction that a person has asked for, or because its session has ended. */
function assertStartRefusal(
  error: unknown,
  { sessionId, ifBusy }: SendMessageRequest,
  { active, isCompacting, home }: StartCircumstances,
): void {
  const { sessions } = home.readStored()
  const session = sessions.find(({ id }) => id === sessionId)
  const isDeleted = session === undefined
  if (isDeleted) expect(error).toMatchObject({ code: 'NOT_FOUND' })
  else if (session.ended_at !== null) {
    const tipIds = listContinuationIds(sessions, session.id)
    expect(error).toMatchObject({ code: 'STALE' })
    // All of them may have been deleted.
    const tipId = error instanceof SegueError ? error.details.tipId : undefined
    if (tipIds.length === 0) expect(tipId).toBeUndefined()
    else expect(tipIds).toContain(tipId)
  } else {
    expect(ifBusy).toBe('REJECT')
    expect(error).toMatchObject({ code: 'SESSION_BUSY', ...(!isCompacting && { details: { streamId: active?.id } }) })
  }
}

/** The ids of the sessions that continue a session, directly or not, and of the retries in their places. */
function listContinuationIds(sessions: readonly StoredSession[], id: string): string[] {
  const children = sessions.filter((each) => each.parent_session_id === id)
  const retries = sessions.filter((each) => children.some((child) => child.id === each.takes_place_of))
  const ids = [...children, ...retries].map((each) => each.id)
  return ids.concat(ids.flatMap((each) => listContinuationIds(sessions, each)))
}

class Release implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #index: number
  readonly #items: readonly ScriptItem[]

  constructor(index: number, items: readonly ScriptItem[]) {
    this.#index = index
    this.#items = items
  }

  check = (): boolean => true

  async run(_model: object, home: SimulatedHome): Promise<void> {
    pick(
      home.scripts.filter(({ isLive }) => isLive),
      this.#index,
    )?.release(...this.#items)
    await home.settle()
  }

  toString = (): string => `release(${this.#index}, ${JSON.stringify(this.#items)})`
}

/** An answer in three steps of so many words, each with another request to the model. */
function newAnswer(words: number): ScriptItem[] {
  const text = { type: 'text', block: '1', text: 'So it is. '.repeat(words / 3) } as const
  const steps = ['a', 'b', 'c'].flatMap((callId): ScriptItem[] => [
    text,
    { type: 'tool-call', callId, name: 'look', argumentsText: '{}' },
    { type: 'tool-result', callId, result: 'word '.repeat(words) },
    'request',
  ])
  return [...steps, text, null]
}

/** A message and its answer. */
class Turn implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #start: Start
  readonly #words: number

  constructor(options: StartOptions, words: number) {
    this.#start = new Start(options)
    this.#words = words
  }

  check = (): boolean => true

  async run(model: object, home: SimulatedHome): Promise<void> {
    await this.#start.run(model, home)
    await home.settle()
    home.scripts.findLast(({ isLive }) => isLive)?.release(...newAnswer(this.#words))
  }

  toString = (): string => `${String(this.#start)} with an answer of ${this.#words} words`
}

class Cancel implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #index: number
  readonly #times: number

  constructor(index: number, times: number) {
    this.#index = index
    this.#times = times
  }

  check = (): boolean => true

  async run(_model: object, home: SimulatedHome): Promise<void> {
    const target = pick(home.readStored().streams, this.#index)
    const id = target?.id ?? newId('stream')
    const { isHealthy } = home
    const outcome = await home.perform((chats) =>
      Promise.all(Array.from({ length: this.#times }, () => chats.cancel(id))),
    )
    if (outcome === 'crashed') return
    if (!target) {
      expect(outcome).toMatchObject({ error: { code: 'NOT_FOUND' } })
      return
    }
    if ('error' in outcome) {
      // Withdrawing a queued stream fails at once if it cannot be committed.
      expect(isHealthy).toBe(false)
      return
    }
    for (const { stream, answer } of outcome.value) {
      expect(hasEnded(stream)).toBe(true)
      expect({ stream, answer }).toEqual(home.endedStreams.get(id) ?? { stream, answer })
      home.endedStreams.set(id, { stream, answer })
    }
    const outcomes = outcome.value.map((each) => each.outcome)
    if (isHealthy && !hasEnded(target))
      expect(outcomes).toEqual(['CANCELLED', 'ALREADY_CANCELLED'].slice(0, this.#times))
    if (hasEnded(target)) {
      const again = target.status === 'CANCELLED' ? 'ALREADY_CANCELLED' : 'ALREADY_FINISHED'
      expect(outcomes).toEqual(outcomes.map(() => again))
    }
  }

  toString = (): string => `cancel(${this.#index}, ${this.#times} times concurrently)`
}

/** One or two clients resolve a decision. */
class Decide implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #index: number
  readonly #decision: ApprovalDecision
  readonly #times: number

  constructor(index: number, decision: ApprovalDecision, times: number) {
    this.#index = index
    this.#decision = decision
    this.#times = times
  }

  check = (): boolean => true

  async run(_model: object, home: SimulatedHome): Promise<void> {
    const { decisions: all } = home.readStored()
    const pending = all.filter(({ state }) => state === 'PENDING')
    // Sometimes a decision that is not pending.
    const target = pick(pending.length > 0 && this.#index % 4 > 0 ? pending : all, this.#index)
    if (!target) return
    const { isHealthy } = home
    const decide = ({ decisions }: ChatService): Promise<DecisionRecord> =>
      target.kind === 'approval'
        ? decisions.answerApproval(target.id, this.#decision)
        : decisions.answerClarification(target.id, { answer: 'Yes.' })
    const outcome = await home.perform((chats) =>
      Promise.allSettled(Array.from({ length: this.#times }, () => decide(chats))),
    )
    if (outcome === 'crashed' || 'error' in outcome) return
    const answered = outcome.value.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    for (const each of outcome.value) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'STALE' })
    }
    expect(answered.length).toBeLessThanOrEqual(target.state === 'PENDING' ? 1 : 0)
    const row = () => home.readStored().decisions.find(({ id }) => id === target.id)
    for (const decision of answered) {
      expect(decision.state).toBe('ANSWERED')
      expect(row()).toEqual(decision)
    }
    // STALE means that the agent or the end of the stream was faster, so it does not stay pending.
    if (isHealthy && answered.length === 0) await waitUntil(() => row()?.state !== 'PENDING', row)
  }

  toString = (): string => `decide(${this.#index}, ${this.#decision}, ${this.#times} times concurrently)`
}

class Follow implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #index: number
  readonly #cursor: number
  readonly #session: boolean

  constructor(index: number, cursor: number, session: boolean) {
    this.#index = index
    this.#cursor = cursor
    this.#session = session
  }

  check = (): boolean => true

  async run(_model: object, home: SimulatedHome): Promise<void> {
    const stored = home.readStored()
    const stream = pick(stored.streams, this.#index)
    if (!stream) return
    const head = stored.sessions.find(({ id }) => id === stream.sessionId)?.head_seq ?? 0
    const after = this.#cursor % (head + 1)
    const follow = (chats: ChatService): Promise<AsyncIterableIterator<DeliveredEvent>> =>
      this.#session
        ? chats.subscriptions.subscribeToSession(stream.sessionId, after)
        : chats.subscriptions.subscribeToStream(stream.id, after)
    const expected = home.committedEvents.filter(
      ({ sessionId, streamId, seq }) =>
        sessionId === stream.sessionId && seq > after && (this.#session || streamId === stream.id),
    )
    await home
      .perform(async (chats) => {
        const received: ChatEvent[] = []
        const reading = await follow(chats)
        while ((received.at(-1)?.seq ?? 0) < (expected.at(-1)?.seq ?? 0)) {
          const { value, done } = await reading.next()
          if (done) break
          expect(value.type).not.toBe('StreamReset')
          if (value.type === 'StreamReset') continue
          received.push(value)
          home.deliveredEvents.push(value)
        }
        if (!this.#session && hasEnded(stream)) expect((await reading.next()).done).toBe(true)
        else await reading.return?.()
        expect(partsOf(received, stream)).toEqual(partsOf(expected, stream))
        expect(received.filter((event) => !isDelta(event))).toEqual(expected.filter((event) => !isDelta(event)))
      })
      .then((outcome) => {
        if (outcome !== 'crashed' && 'error' in outcome) throw outcome.error
      })
  }

  toString = (): string => `follow(${this.#index}, ${this.#cursor}, ${this.#session ? 'session' : 'stream'})`
}

/** The parts that a reader without any state folds; texts may start in the middle. */
function partsOf(events: readonly ChatEvent[], { id }: StreamRecord): readonly MessagePart[] {
  const base = { position: 0, model: '' }
  const ownEvents = events.filter(({ streamId }) => streamId === id)
  return (
    ownEvents.reduce<MessageRecord | null>((message, event) => foldMessage(base, message, event), null)?.parts ?? []
  )
}

class Restart implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #isGraceful: boolean

  constructor(isGraceful: boolean) {
    this.#isGraceful = isGraceful
  }

  check = (): boolean => true

  run(_model: object, home: SimulatedHome): Promise<void> {
    return home.restart(this.#isGraceful)
  }

  toString = (): string => (this.#isGraceful ? 'restart' : 'crash')
}

class Failure implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #kind: 'disk' | 'crash'
  readonly #count: number

  constructor(kind: 'disk' | 'crash', count: number) {
    this.#kind = kind
    this.#count = count
  }

  check = (): boolean => true

  async run(_model: object, home: SimulatedHome): Promise<void> {
    if (this.#kind === 'disk') home.failingCommits = this.#count
    else home.killAfter(this.#count)
  }

  toString = (): string => `${this.#kind}(${this.#count})`
}

/** Runs a command, then asserts the invariants. */
function withInvariants(command: fc.AsyncCommand<object, SimulatedHome>): fc.AsyncCommand<object, SimulatedHome> {
  return {
    check: () => true,
    run: async (model, home) => {
      await command.run(model, home)
      // A failure takes effect with the next command.
      if (!(command instanceof Failure)) await home.settle()
      await assertInvariants(home)
    },
    toString: () => String(command),
  }
}

const anyIndex = fc.nat({ max: 99 })
const ifBusy = fc.constantFrom<IfBusy>('REJECT', 'QUEUE', 'QUEUE', 'QUEUE', 'INTERRUPT')
const key = fc.constantFrom(null, null, null, null, 'a', 'b')
const anyStart = fc.record<StartOptions>({
  startsSession: fc.boolean(),
  sessionIndex: anyIndex,
  ifBusy,
  key,
  obeysSignal: fc.boolean(),
  contextWindow: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: anyContextWindow }),
  words: fc.constantFrom(1, 40, 150),
})
const start = anyStart.map((options) => new Start(options))
const answer = fc.tuple(anyIndex, fc.nat({ max: 400 })).map(([index, words]) => new Release(index, newAnswer(words)))
const turn = fc.tuple(anyStart, fc.nat({ max: 400 })).map(([options, words]) => new Turn(options, words))
const release = fc
  .tuple(
    anyIndex,
    anyAgentEvents.filter(({ length }) => length > 0),
  )
  .map(([index, items]) => new Release(index, items))
const requestDecision = fc
  .tuple(anyIndex, anyGate)
  .map(
    ([index, gate]) => new Release(index, [{ type: 'tool-call', callId: '0', name: 'ask', argumentsText: '{}', gate }]),
  )
const finish = fc
  .tuple(anyIndex, fc.constantFrom(null, null, new Error('It failed.'), new AgentError('TIMEOUT', 'It took too long.')))
  .map(([index, item]) => new Release(index, [item]))
const cancel = fc.tuple(anyIndex, fc.constantFrom(1, 2)).map(([index, times]) => new Cancel(index, times))
const decide = fc
  .tuple(anyIndex, fc.constantFrom<ApprovalDecision>('ONCE', 'SESSION', 'ALWAYS', 'DENY'), fc.constantFrom(1, 2))
  .map(([index, decision, times]) => new Decide(index, decision, times))
const follow = fc
  .tuple(anyIndex, anyIndex, fc.boolean())
  .map(([index, cursor, session]) => new Follow(index, cursor, session))
const restart = fc.boolean().map((isGraceful) => new Restart(isGraceful))
const disk = fc.constantFrom(1, 2).map((count) => new Failure('disk', count))
const crash = fc.constantFrom(0, 1, 2).map((count) => new Failure('crash', count))

function anySequence(commands: readonly fc.Arbitrary<ChatCommand>[], maxCommands: number) {
  return fc.commands(
    commands.map((command) => command.map(withInvariants)),
    { maxCommands, size: 'max' },
  )
}

/** Sequences of commands. How often a command is listed is its relative frequency. */
export const anyCommands = anySequence(
  [
    ...[start, start, start, start, start, start],
    ...[release, release, release, requestDecision, requestDecision],
    ...[finish, finish, finish, finish],
    ...[cancel, cancel],
    ...[decide, decide, decide],
    ...[follow, follow],
    ...[restart, crash, disk],
    ...[fork, regenerate, deleteSession],
    ...[moveQueued, moveQueued, updateQueued, sendQueued],
  ],
  40,
)

/** Long chats with models of small windows. */
export const anyLongChatCommands = anySequence(
  [
    ...[turn, turn, turn, turn, turn, turn, turn, turn, turn, turn, turn, turn],
    ...[start, start, start, start, start, start, answer, answer, answer, cancel, follow],
    ...[writeSummaries, writeSummaries, writeSummaries, compactSession, compactSession, changeModel, changeModel],
    ...[fork, regenerate, deleteSession, restart, crash, disk],
  ],
  60,
)
