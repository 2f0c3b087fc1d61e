import { setTimeout as delay } from 'node:timers/promises'
import { InvariantChecker } from '../invariant-checker.ts'
import { InvariantViolation } from '../reader.ts'
import { ReaderGroup } from '../reader-group.ts'
import { SeededRandom } from '../seeded-random.ts'
import { ScheduleActions } from './schedule-actions.ts'
import { verifyAttention } from './schedule-attention.ts'
import { readTranscript, verifyQueue, verifyRequests, verifyRuns, verifyTranscript } from './schedule-checks.ts'
import { ScheduleClient } from './schedule-client.ts'
import * as operations from './schedule-operations.ts'
import type { SessionState, TranscriptMessage } from './schedule-operations.ts'
import { scheduleModels, type ScheduleWorld } from './schedule-world.ts'

const kinds = ['send', 'edit', 'move', 'sendNow', 'stop', 'withdraw', 'decide', 'markRead', 'pause'] as const
type ActionKind = (typeof kinds)[number]

/** How likely each action is, in proportion. */
const weights: Readonly<Record<ActionKind, number>> = {
  send: 9,
  edit: 2,
  move: 2,
  sendNow: 1,
  stop: 2,
  withdraw: 2,
  decide: 3,
  markRead: 1,
  pause: 4,
}

/** How long the sessions of a schedule have to come to rest after its last action. */
const settleTimeoutMs = 30_000
const pollMs = 20

interface ObservedSession extends SessionState {
  readonly id: string
}

/** A few random actions of clients in one or two sessions, and what must hold after them. */
export class Schedule {
  readonly #random: SeededRandom
  readonly #world: ScheduleWorld
  readonly #client: ScheduleClient
  readonly #actions: ScheduleActions
  readonly #readers: ReaderGroup
  readonly #isOffline: boolean
  readonly #sessionIds: string[] = []
  readonly #seed: number
  readonly #trace: string[] = []

  constructor(seed: number, world: ScheduleWorld) {
    this.#seed = seed
    this.#world = world
    this.#random = new SeededRandom(seed)
    this.#isOffline = seed % 2 === 0
    this.#client = new ScheduleClient(world.client, `schedule ${seed}`)
    this.#actions = new ScheduleActions(this.#random.fork(), this.#client, String(seed), this.#isOffline)
    this.#readers = new ReaderGroup(world.server)
  }

  /** What the actions were, and how they ended. */
  get trace(): readonly string[] {
    return this.#trace
  }

  /** Throws `InvariantViolation`. */
  async run(): Promise<void> {
    const model = this.#isOffline ? scheduleModels.offline : scheduleModels.strict
    for (let count = this.#random.between(1, 2); count > 0; count -= 1) {
      const input = { title: `Schedule ${this.#seed}`, model, key: this.#client.newKey() }
      const created = await this.#client.ask(operations.createMutation, { input }, operations.createdSchema)
      this.#sessionIds.push(created.createSession.id)
    }
    const length = this.#random.between(8, 15)
    // Crashes are slow, and hit all schedules that run at the same time.
    const crashAt = this.#random.chance(0.25) ? this.#random.between(2, length - 1) : -1
    for (let index = 0; index < length; index += 1) {
      const crash = index === crashAt ? this.#crash(this.#random.between(0, 15)) : null
      await this.#step(this.#random.chance(0.3) ? 2 : 1)
      await crash
    }
    await this.#settle()
    await this.#verify()
  }

  /** Performs one action, or two at the same time. */
  async #step(actionCount: number): Promise<void> {
    const observed = await this.#observe()
    // Most actions need an answer that runs.
    const isIdle = observed.every(({ activeStream }) => activeStream === null)
    const first = isIdle && this.#random.chance(0.6) ? 'send' : this.#pickKind()
    const picked = [first, this.#pickKind()].slice(0, actionCount)
    await Promise.all([...new Set(picked)].map((kind) => this.#act(kind, this.#pickSession(kind, observed))))
    if (this.#random.chance(0.3)) await verifyQueue(this.#client, this.#random.pick(this.#sessionIds))
    this.#readers.throwViolation()
  }

  #pickKind(): ActionKind {
    return this.#random.pick(kinds.flatMap((kind) => Array.from({ length: weights[kind] }, () => kind)))
  }

  /** One in which the action has something to act on, mostly. */
  #pickSession(kind: ActionKind, observed: readonly ObservedSession[]): ObservedSession {
    const withQueue = observed.filter(({ queue }) => queue.length > 0)
    const changesQueue = kind === 'edit' || kind === 'move' || kind === 'sendNow'
    return this.#random.pick(changesQueue && withQueue.length > 0 ? withQueue : observed)
  }

  async #act(kind: ActionKind, session: ObservedSession): Promise<void> {
    const random = this.#random
    const queued = session.queue.map(({ id }) => id)
    const active = session.activeStream
    // Sometimes a stream that is not in the queue, or not there any more.
    const known = this.#actions.messages.flatMap(({ sessionId, streamId }) =>
      sessionId === session.id && streamId !== null ? [streamId] : [],
    )
    const target = random.pick(queued.length > 0 && random.chance(0.85) ? queued : known.length > 0 ? known : [null])
    const before = random.pick([null, ...queued.filter((id) => id !== target)])
    const pending = active?.steered.filter(({ steering }) => steering.state === 'PENDING') ?? []
    const steered = this.#actions.messages.filter(({ joinedStreamId }) => joinedStreamId !== null).map(({ id }) => id)
    const withdrawn = random.pick(
      pending.length > 0 ? pending.map(({ id }) => id) : steered.length > 0 ? steered : [null],
    )
    const ifBusy = random.pick(['REJECT', 'QUEUE', 'QUEUE', 'INTERRUPT', 'STEER', 'STEER', 'STEER'])
    const pauseMs = random.between(1, 60)
    const stopped = active && random.chance(0.6) ? active.id : target
    let result: string | null
    const hasTarget = !['edit', 'move', 'sendNow', 'withdraw'].includes(kind) || queued.length + pending.length > 0
    if (kind === 'send' || (!hasTarget && random.chance(0.7))) return this.#send(session.id, ifBusy)
    if (kind === 'decide') result = await this.#actions.decide(this.#sessionIds)
    else if (kind === 'withdraw') result = withdrawn && (await this.#actions.withdraw(withdrawn))
    else if (kind === 'stop') result = stopped && (await this.#actions.stop(stopped))
    else if (kind === 'markRead') result = await this.#actions.markRead(session.id)
    else if (kind === 'pause') result = await delay(pauseMs, 'over')
    else if (target === null) result = null
    else if (kind === 'edit') result = await this.#actions.edit(target)
    else if (kind === 'move') result = await this.#actions.move(target, before)
    else result = await this.#actions.sendNow(target)
    if (result !== null) this.#trace.push(`${kind}: ${result}`)
  }

  async #send(sessionId: string, ifBusy: string): Promise<void> {
    const result = await this.#actions.send(sessionId, ifBusy)
    const streamId = this.#actions.messages.at(-1)?.streamId
    if (streamId && this.#random.chance(0.5)) this.#readers.add(streamId, this.#random.fork())
    this.#trace.push(`send ${ifBusy}: ${result}`)
  }

  async #crash(afterMs: number): Promise<void> {
    await delay(afterMs)
    await this.#world.server.kill()
    this.#trace.push('crash: restarted')
  }

  #observe(): Promise<ObservedSession[]> {
    return Promise.all(
      this.#sessionIds.map(async (id) => {
        const { session } = await this.#client.ask(operations.sessionStateQuery, { id }, operations.sessionStateSchema)
        return { id, ...session }
      }),
    )
  }

  /** Answers what is asked until nothing runs and nothing is queued. */
  async #settle(): Promise<void> {
    const deadline = performance.now() + settleTimeoutMs
    for (;;) {
      const busy = (await this.#observe()).filter(({ activeStream, queue }) => activeStream ?? queue[0])
      if (busy.length === 0) return
      if (performance.now() > deadline)
        throw new InvariantViolation(`These sessions do not come to rest: ${JSON.stringify(busy)}`)
      if (busy.some(({ activeStream }) => activeStream?.status === 'WAITING'))
        await this.#actions.decide(this.#sessionIds)
      else await delay(pollMs)
    }
  }

  async #verify(): Promise<void> {
    const { provider } = this.#world
    const checker = new InvariantChecker(this.#client)
    const transcripts = await Promise.all(this.#sessionIds.map((id) => readTranscript(this.#client, id)))
    const streamIds = transcripts.map(listStreams)
    for (const id of streamIds.flat()) this.#readers.add(id, this.#random.fork())
    await this.#readers.waitForEnds()
    for (const id of streamIds.flat())
      await checker.verifyStream(id, this.#readers.readers, this.#actions.stopped.get(id))
    for (const [index, id] of this.#sessionIds.entries()) {
      const ended = await checker.verifyLog(id, false)
      const unknown = [...ended].filter((each) => !streamIds[index]?.includes(each))
      const open = (streamIds[index] ?? []).filter((each) => !ended.has(each))
      if (unknown.length + open.length > 0)
        throw new InvariantViolation(
          `Session ${id}: the log ends ${unknown.join()} for no message, and does not end ${open.join()}.`,
        )
      const texts = this.#actions.messages.filter(({ sessionId }) => sessionId === id).map(({ text }) => text)
      await checker.verifySession(id, texts)
      verifyTranscript(transcripts[index] ?? [], this.#actions, id)
      await verifyQueue(this.#client, id)
      await verifyAttention(this.#client, id, this.#actions.readMarks.get(id) ?? null)
    }
    if (!this.#isOffline) {
      const all = provider.requests.map(({ body }) => JSON.stringify(body.messages))
      const requests = all.filter((request) => request.includes(`message ${this.#seed}-`))
      verifyRequests(requests, transcripts.flat(), this.#actions)
    }
    verifyRuns(this.#world.countRuns(), this.#actions)
    for (const id of this.#sessionIds) await checker.verifyUsable(id)
  }
}

/** The streams of a session that answer a message of a user. */
function listStreams(transcript: readonly TranscriptMessage[]): string[] {
  return [...new Set(transcript.flatMap(({ role, stream }) => (role === 'USER' && stream ? [stream.id] : [])))]
}
