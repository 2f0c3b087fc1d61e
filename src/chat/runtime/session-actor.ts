import type { ModelMessage } from 'ai'
import { AgentError } from '../../agent/agent.ts'
import type { FoundModel } from '../../agent/models/model-registry.ts'
import { notFound, SegueError, shuttingDown } from '../../lib/errors.ts'
import type { NewSession, SessionChange, StreamKey } from '../../storage/event-store.ts'
import type { MessageRecord, SessionRecord, StreamRecord, Usage } from '../../model/records.ts'
import { aborted } from '../../lib/reject-on-abort.ts'
import type { ChatLog } from '../log/event-log.ts'
import type { Environment } from '../../lib/runtime.ts'
import { userPosition } from '../../model/fold-message.ts'
import { accept, dequeue, turnOf, withdraw } from '../turn/turn.ts'
import { RunningStream, type Saved } from './stream-runner.ts'
import { type Addition, SessionWriter } from '../log/log-writer.ts'

/** What to do with a message for a session in which an answer is being made. */
export type IfBusy = 'REJECT' | 'QUEUE' | 'INTERRUPT'

/** A turn that is to be had: its stream and the user's message, neither of them stored yet. */
export interface NewTurn {
  readonly stream: StreamRecord
  readonly userMessage: MessageRecord
  readonly model: FoundModel
  readonly key: Omit<StreamKey, 'streamId'> | null
  /** The session's first words: it is made together with them, and with what was said before it. */
  readonly create: NewSession | null
  /** The title of a session that has none yet. */
  readonly title: string | null
}

export interface SessionChatOptions {
  readonly log: ChatLog
  readonly env: Environment
  readonly sessionId: string
  readonly headSeq: number
  /** It goes on elsewhere already: nothing is said in it any more. */
  readonly continued: boolean
  readonly findModel: (id: string) => Promise<FoundModel>
  readonly message: (id: string) => Promise<MessageRecord | null>
  /** What the model is sent, with the answer as far as it is; the messages before it are read once a turn. */
  readonly history: (model: FoundModel) => (answer: MessageRecord | null) => Promise<readonly ModelMessage[]>
  readonly isGranted: (tool: string) => Promise<boolean>
  /** What is told to whoever speaks in a session that was continued. */
  readonly stale: () => Promise<SegueError>
  readonly onProblem: (error: unknown, what: string) => void
  readonly onRefused: () => void
  readonly onEnded: (stream: StreamRecord) => void
  /** An answer is whole; `contextTokens`: how many the model took in and gave out in the end, null where that is not known. */
  readonly onAnswered: (stream: StreamRecord, contextTokens: number | null) => void
  /** Nothing runs and nothing waits any more. */
  readonly onIdle: () => void
}

const longestQueue = 100
/** How long a message waits for its turn once more when that could not be saved, as on a full disk. */
const retryTurnAfter = 500 // milliseconds

/** The turns of one session: one runs, the others wait in order. What changes that happens one after the other. */
export class SessionChat {
  readonly #options: SessionChatOptions
  readonly #writer: SessionWriter
  #running: RunningStream | null = null
  #queue: StreamRecord[] = []
  #steps: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #retry: NodeJS.Timeout | null = null
  #compacting: { readonly abort: AbortController; readonly over: Promise<unknown> } | null = null
  #continued: boolean
  #removed = false
  #closing = false

  constructor(options: SessionChatOptions) {
    this.#options = options
    this.#writer = new SessionWriter(options.log, options.sessionId, options.headSeq)
    this.#continued = options.continued
  }

  /** The answer that is being made now. */
  get running(): RunningStream | null {
    return this.#running?.saved.stream.finishedAt === null ? this.#running : null
  }

  /** The stream as it is known here: running or waiting. */
  stream(id: string): StreamRecord | null {
    const saved = this.#running?.saved.stream
    return saved?.id === id ? saved : (this.#queue.find((queued) => queued.id === id) ?? null)
  }

  /**
   * Resolves when the session is not being compacted. Throws `Compacting` when it is and REJECT is what to do; INTERRUPT
   * breaks the compaction off.
   */
  async notCompacting(ifBusy: IfBusy): Promise<void> {
    if (!this.#compacting) return
    if (ifBusy === 'REJECT') throw new Compacting()
    if (ifBusy === 'INTERRUPT') this.#compacting.abort.abort(interrupted())
    await this.#compacting.over.catch(() => undefined)
  }

  /**
   * Begins a turn, or has it wait. Throws SESSION_BUSY, STALE and RATE_LIMITED, `Compacting` whatever `ifBusy` says, and the
   * signal's reason when it aborts before the turn is committed; nothing is stored then.
   */
  async start(turn: NewTurn, ifBusy: IfBusy, signal: AbortSignal): Promise<StreamRecord> {
    if (this.#compacting) throw new Compacting()
    return this.#step(async () => {
      signal.throwIfAborted()
      this.#checkThere()
      if (this.#continued) throw await this.#options.stale()
      const { active } = this
      if (active && ifBusy === 'REJECT') throw busy(active)
      if (active && ifBusy === 'QUEUE') return this.#enqueue(turn)
      return this.#begin(turn, signal)
    })
  }

  /** The stream that holds the session, or is the first that waits. */
  get active(): StreamRecord | null {
    return this.running?.saved.stream ?? this.#queue[0] ?? null
  }

  /**
   * Ends the session and has another one go on where it ends: both in one transaction, so that there is never a half of
   * it. Until then the session is busy. Throws SESSION_BUSY and STALE, SHUTTING_DOWN when it is closed meanwhile, and what
   * `compose` throws; nothing changes then.
   */
  async compact(compose: (signal: AbortSignal) => Promise<NewSession>): Promise<SessionRecord> {
    if (this.#compacting) throw new Compacting()
    const abort = new AbortController()
    const over = this.#step(async () => {
      abort.signal.throwIfAborted()
      this.#checkThere()
      if (this.#continued) throw await this.#options.stale()
      if (this.active) throw busy(this.active)
      return this.#continueElsewhere(compose, abort.signal)
    }).finally(() => (this.#compacting = null))
    // From this moment on, so that nobody comes in between.
    this.#compacting = { abort, over }
    return over
  }

  async #continueElsewhere(
    compose: (signal: AbortSignal) => Promise<NewSession>,
    signal: AbortSignal,
  ): Promise<SessionRecord> {
    const successor = await Promise.race([compose(signal), aborted(signal)])
    const { env, sessionId } = this.#options
    const toId = successor.session.id
    await this.#writer.write(() => {
      signal.throwIfAborted()
      const at = env.now()
      return {
        successor,
        change: { endedAt: at, endReason: 'compression' },
        drafts: [{ type: 'SessionContinued', at, sessionId, streamId: null, toId }],
      }
    })
    this.#continued = true
    return successor.session
  }

  /** Changes the session beside its turns, and tells so in its log, unless that has had its last event. Throws NOT_FOUND. */
  async change(change: SessionChange, usage?: Usage): Promise<void> {
    const { env, sessionId } = this.#options
    await this.#step(async () => {
      this.#checkThere()
      await this.#writer.write(() => ({
        change,
        ...(usage && { usage }),
        drafts: this.#continued ? [] : [{ type: 'SessionChanged', at: env.now(), sessionId, streamId: null }],
      }))
    })
  }

  /** Throws SESSION_BUSY when an answer is being made, a message waits, or the session is being compacted. */
  checkIdle(): void {
    if (this.#compacting) throw new Compacting()
    if (this.active) throw busy(this.active)
  }

  /** Has the session removed while nothing happens in it. Throws SESSION_BUSY and NOT_FOUND. */
  async remove(work: () => Promise<void>): Promise<void> {
    this.checkIdle()
    await this.#step(async () => {
      this.#checkThere()
      this.checkIdle()
      await work()
      this.#removed = true
    })
  }

  #checkThere(): void {
    if (this.#removed) throw notFound('session', this.#options.sessionId)
  }

  /** Takes up streams that waited when the server stopped, in their order. */
  resume(queued: readonly StreamRecord[]): Promise<void> {
    return this.#step(async () => {
      this.#queue.push(...queued)
    })
  }

  /** Ends a stream that runs or waits here; null when it does neither any more. */
  async cancel(streamId: string): Promise<{ readonly saved: Saved; readonly first: boolean } | null> {
    const running = this.running
    if (running?.saved.stream.id === streamId) {
      const first = !running.ending
      return { saved: await running.end({ status: 'CANCELLED' }), first }
    }
    return this.#step(async () => {
      const queued = this.#queue.find(({ id }) => id === streamId)
      // Its turn may have come while this waited for its own.
      if (!queued) return this.running?.saved.stream.id === streamId ? this.cancel(streamId) : null
      return { saved: await this.#withdraw(queued), first: true }
    })
  }

  /** Ends what runs, because the server stops. What waits goes on waiting. */
  async close(): Promise<void> {
    this.#closing = true
    this.#compacting?.abort.abort(shuttingDown())
    await this.running?.end({ status: 'INTERRUPTED' })
    await this.#steps
  }

  /** The turn runs now; what runs already is ended in the same transaction, ahead of all that waits. */
  async #begin(turn: NewTurn, signal: AbortSignal): Promise<StreamRecord> {
    const { stream, userMessage, model, key, create, title } = turn
    let seq = 0
    const addition = (head: number): Addition => {
      signal.throwIfAborted()
      seq = head + 1
      return {
        ...(create && { create: create.session }),
        ...(title !== null && { change: { title, titleSource: 'MESSAGE' } }),
        ...(key && { key: { streamId: stream.id, ...key } }),
        drafts: [accept(stream, this.#options.env)],
        streams: [{ ...stream, firstSeq: seq }],
        messages: [...(create?.messages ?? []), placed(userMessage, seq)],
        activityAt: userMessage.createdAt,
      }
    }
    const running = this.running
    const atOnce = running !== null && !running.ending
    await running?.end({ status: 'CANCELLED' }, addition)
    // It may have ended by itself meanwhile, without what was to go along.
    if (!atOnce || !running.carried) await this.#writer.write(addition)
    const begun = { ...stream, firstSeq: seq, lastSeq: seq }
    this.#run(begun, placed(userMessage, seq), model)
    return begun
  }

  async #enqueue({ stream, userMessage, key }: NewTurn): Promise<StreamRecord> {
    if (this.#queue.length >= longestQueue) {
      throw new SegueError('RATE_LIMITED', `${longestQueue} messages wait in this session already.`)
    }
    const queued: StreamRecord = { ...stream, status: 'QUEUED' }
    const { head } = await this.#writer.write((before) => ({
      ...(key && { key: { streamId: stream.id, ...key } }),
      drafts: [accept(queued, this.#options.env)],
      streams: [{ ...queued, firstSeq: before + 1 }],
      messages: [userMessage],
      activityAt: userMessage.createdAt,
    }))
    const stored = { ...queued, firstSeq: head, lastSeq: head }
    this.#queue.push(stored)
    return stored
  }

  /** A message that is taken back before its turn stays in the transcript, and no model is sent it. */
  async #withdraw(queued: StreamRecord): Promise<Saved> {
    const { stream, event } = withdraw(queued, this.#options.env)
    const message = await this.#options.message(queued.userMessageId)
    const { head } = await this.#writer.write((before) => ({
      fence: { streamId: queued.id, generation: queued.generation },
      drafts: [event],
      streams: [stream],
      messages: message ? [{ ...placed(message, before + 1), withdrawn: true }] : [],
    }))
    this.#queue = this.#queue.filter(({ id }) => id !== queued.id)
    const ended = { ...stream, lastSeq: head }
    this.#options.onEnded(ended)
    return { stream: ended, answer: null }
  }

  /** The first that waits has its turn. */
  async #next(): Promise<void> {
    const queued = this.#queue[0]
    if (!queued || this.running || this.#closing) return
    const message = await this.#options.message(queued.userMessageId)
    if (!message) throw new Error(`stream ${queued.id} has no user's message`)
    const { stream, event } = dequeue(queued, this.#options.env)
    const { head } = await this.#writer.write((before) => ({
      fence: { streamId: queued.id, generation: queued.generation },
      drafts: [event],
      streams: [stream],
      messages: [placed(message, before + 1)],
    }))
    this.#queue.shift()
    const model = await this.#options
      .findModel(stream.model)
      .catch((error: unknown) => missingModel(stream.model, error))
    this.#run({ ...stream, lastSeq: head }, placed(message, head), model)
  }

  #run(stream: StreamRecord, userMessage: MessageRecord, model: FoundModel): void {
    const running = new RunningStream({
      writer: this.#writer,
      env: this.#options.env,
      turn: turnOf(stream, userMessage),
      history: this.#options.history(model),
      isGranted: this.#options.isGranted,
      onProblem: this.#options.onProblem,
      onRefused: this.#options.onRefused,
    })
    this.#running = running
    running
      .run(model.agent, model.name)
      .catch((error: unknown) => this.#options.onProblem(error, 'a stream could not be ended'))
      .finally(() => {
        const ended = running.saved.stream
        this.#options.onEnded(ended)
        if (this.#running === running) this.#running = null
        void this.#step(async () => undefined)
        if (ended.status === 'COMPLETED') this.#options.onAnswered(ended, running.contextTokens)
      })
  }

  /** One step at a time; after each, whoever waits first has its turn if nobody else has. */
  #step<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1
    const done = this.#steps.then(work)
    this.#steps = done
      .catch(() => undefined)
      .then(() => this.#next())
      .catch((error: unknown) => {
        this.#options.onProblem(error, 'a message that waits could not have its turn; trying again')
        this.#tryAgain()
      })
      .finally(() => {
        this.#waiting -= 1
        if (this.#waiting === 0 && !this.#running && this.#queue.length === 0) this.#options.onIdle()
      })
    return done
  }

  #tryAgain(): void {
    if (this.#retry) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      void this.#step(async () => undefined)
    }, retryTurnAfter).unref()
  }
}

function placed(message: MessageRecord, seq: number): MessageRecord {
  return { ...message, position: userPosition(seq) }
}

function busy({ id }: StreamRecord): SegueError {
  const sentence = 'An answer is being made in this session. Wait for its end, or cancel it.'
  return new SegueError('SESSION_BUSY', sentence, { streamId: id })
}

function interrupted(): SegueError {
  return new SegueError('SESSION_BUSY', 'A message came that was not to wait: the session is as it was.')
}

/** The session is being summarised, to go on in another one. */
export class Compacting extends SegueError {
  constructor() {
    super('SESSION_BUSY', 'This session is being compacted. Wait for that, and go on where it is continued.')
  }
}

/** What answers for a model that was there when the message came and is gone now that its turn has. */
function missingModel(id: string, cause: unknown): FoundModel {
  const gone = () => new AgentError('MODEL_NOT_FOUND', `The model ${id} is not there any more.`, { cause })
  const write = () => Promise.reject(gone())
  return {
    id,
    name: id,
    agent: {
      // oxlint-disable-next-line require-yield
      async *answer() {
        throw gone()
      },
    },
    writer: { summarise: write, entitle: write },
    window: Number.POSITIVE_INFINITY,
  }
}
