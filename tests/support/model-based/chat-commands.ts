import fc from 'fast-check'
import { expect } from 'vitest'
import { AgentError } from '../../../src/agent/agent.ts'
import type { ChatService } from '../../../src/chat/chat-service.ts'
import type { SendMessageRequest } from '../../../src/chat/requests/send-message-request.ts'
import type { IfBusy } from '../../../src/chat/turn/if-busy.ts'
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
import type { ScriptItem } from './scripted-run.ts'
import type { SimulatedHome } from './simulated-home.ts'
import { waitUntil } from '../wait-until.ts'

class Start implements fc.AsyncCommand<object, SimulatedHome> {
  readonly #startsSession: boolean
  readonly #sessionIndex: number
  readonly #ifBusy: IfBusy
  readonly #key: string | null
  readonly #obeysSignal: boolean

  constructor(startsSession: boolean, sessionIndex: number, ifBusy: IfBusy, key: string | null, obeysSignal: boolean) {
    this.#startsSession = startsSession
    this.#sessionIndex = sessionIndex
    this.#ifBusy = ifBusy
    this.#key = key
    this.#obeysSignal = obeysSignal
  }

  check = (): boolean => true

  async run(_model: object, home: SimulatedHome): Promise<void> {
    const before = home.readStored()
    const known = this.#key === null ? undefined : home.requestsByKey.get(this.#key)
    // Few sessions, so that their turns interfere.
    const isNew = before.sessions.length < 2 && this.#startsSession
    const sessionId = isNew ? null : (pick(before.sessions, this.#sessionIndex)?.id ?? null)
    const model = home.newModel()
    home.obeysSignalByModel.set(model, this.#obeysSignal)
    const request: SendMessageRequest =
      known?.request ??
      newChatRequest({
        sessionId,
        text: `Message for ${model}`,
        model,
        ifBusy: this.#ifBusy,
      })
    const active = before.streams.find((stream) => stream.sessionId === request.sessionId && isActive(stream))
    const { isHealthy } = home
    if (this.#key !== null && !known) home.requestsByKey.set(this.#key, { request, streamId: null })
    const outcome = await home.perform((_, keyed) => keyed.start(this.#key, request))
    if (outcome === 'crashed') return
    if ('error' in outcome) {
      if (isHealthy) {
        expect(outcome.error).toMatchObject({ code: 'SESSION_BUSY', details: { streamId: active?.id } })
        expect(request.ifBusy).toBe('REJECT')
      }
      // Nothing of it is stored, and its key can be used again.
      expect(known?.streamId ?? null).toBeNull()
      if (this.#key !== null) home.requestsByKey.delete(this.#key)
      const ownEvents = (message: MessageRecord): boolean => JSON.stringify(message.parts).includes(`"${request.text}"`)
      expect(home.readStored().messages.filter(ownEvents)).toEqual([])
      return
    }
    const stream = outcome.value
    const isFirst = !before.streams.some(({ id }) => id === stream.id)
    home.startedStreams.set(stream.id, stream)
    if (this.#key !== null) home.requestsByKey.set(this.#key, { request, streamId: stream.id })
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

  toString = (): string =>
    `start(${this.#startsSession}, ${this.#sessionIndex}, ${this.#ifBusy}, key ${this.#key}, obeysSignal ${this.#obeysSignal})`
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
    pick([...home.scripts.values()], this.#index)?.release(...this.#items)
    await home.settle()
  }

  toString = (): string => `release(${this.#index}, ${JSON.stringify(this.#items)})`
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

function pick<T>(all: readonly T[], index: number): T | undefined {
  return all.length === 0 ? undefined : all[index % all.length]
}

const anyIndex = fc.nat({ max: 99 })
const ifBusy = fc.constantFrom<IfBusy>('REJECT', 'QUEUE', 'QUEUE', 'QUEUE', 'INTERRUPT')
const key = fc.constantFrom(null, null, null, null, 'a', 'b')
const start = fc
  .tuple(fc.boolean(), anyIndex, ifBusy, key, fc.boolean())
  .map(
    ([startsSession, sessionIndex, busy, of, obeysSignal]) =>
      new Start(startsSession, sessionIndex, busy, of, obeysSignal),
  )
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

/** Sequences of commands. How often a command is listed is its relative frequency. */
export const anyCommands = fc.commands(
  [
    ...[start, start, start, start, start, start],
    ...[release, release, release, requestDecision, requestDecision],
    ...[finish, finish, finish, finish],
    ...[cancel, cancel],
    ...[decide, decide, decide],
    ...[follow, follow],
    ...[restart, crash, disk],
  ].map((command) => command.map(withInvariants)),
  { maxCommands: 40, size: 'max' },
)
