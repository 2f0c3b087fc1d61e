import type { ModelMessage } from 'ai'
import { AgentError } from '../../agent/agent.ts'
import type { ResolvedModel } from '../../agent/models/model-registry.ts'
import { notFound, SegueError, shuttingDown } from '../../lib/errors.ts'
import type { SessionRecordPatch } from '../../storage/event-store.ts'
import type { CreateSessionRequest } from '../../storage/session-writer.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { Usage } from '../../model/usage.ts'
import { rejectOnAbort } from '../../lib/reject-on-abort.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { toUserMessagePosition } from '../../model/message-position.ts'
import type { IfBusy } from '../turn/if-busy.ts'
import type { NewTurn } from '../turn/new-turn.ts'
import { createTurnState } from '../turn/turn.ts'
import { acceptStream, dequeueStream, withdrawStream } from '../turn/commands.ts'
import { StreamRunner, type CommittedState } from './stream-runner.ts'
import { type AppendBatch, LogWriter } from '../log/log-writer.ts'
import type { Logger } from '../../lib/logger.ts'

export interface SessionActorOptions {
  readonly eventLog: EventLog
  readonly runtime: Runtime
  readonly sessionId: string
  readonly headSeq: number
  /** It goes on elsewhere already: nothing is said in it any more. */
  readonly isContinued: boolean
  readonly findModel: (id: string) => Promise<ResolvedModel>
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  /** What the model is sent, with the answer as far as it is; the messages before it are read once a turn. */
  readonly prepareModelMessages: (
    model: ResolvedModel,
  ) => (answer: MessageRecord | null) => Promise<readonly ModelMessage[]>
  readonly isToolGranted: (tool: string) => Promise<boolean>
  /** What is told to whoever speaks in a session that was continued. */
  readonly createStaleError: () => Promise<SegueError>
  readonly log: Logger
  readonly onLateEvent: () => void
  readonly onStreamEnded: (stream: StreamRecord) => void
  /** An answer is whole; `contextTokens`: how many the model took in and gave out in the end, null where that is not known. */
  readonly onTurnCompleted: (stream: StreamRecord, contextTokens: number | null) => void
  /** Nothing runs and nothing waits any more. */
  readonly onIdle: () => void
}

const maxQueued = 100
/** How long a message waits for its turn once more when that could not be saved, as on a full disk. */
const turnRetryDelayMs = 500 // milliseconds

/** The turns of one session: one runs, the others wait in order. What changes that happens one after the other. */
export class SessionActor {
  readonly #options: SessionActorOptions
  readonly #writer: LogWriter
  #runner: StreamRunner | null = null
  #queue: StreamRecord[] = []
  #mailbox: Promise<unknown> = Promise.resolve()
  #pendingTaskCount = 0
  #retryTimer: NodeJS.Timeout | null = null
  #compaction: { readonly abort: AbortController; readonly over: Promise<unknown> } | null = null
  #isContinued: boolean
  #isRemoved = false
  #isClosing = false

  constructor(options: SessionActorOptions) {
    this.#options = options
    this.#writer = new LogWriter(options.eventLog, options.sessionId, options.headSeq)
    this.#isContinued = options.isContinued
  }

  /** The answer that is being made now. */
  get activeRunner(): StreamRunner | null {
    return this.#runner?.committed.stream.finishedAt === null ? this.#runner : null
  }

  /** The stream as it is known here: running or waiting. */
  findStream(id: string): StreamRecord | null {
    const activeStream = this.#runner?.committed.stream
    return activeStream?.id === id ? activeStream : (this.#queue.find((queued) => queued.id === id) ?? null)
  }

  /**
   * Resolves when the session is not being compacted. Throws `Compacting` when it is and REJECT is what to do; INTERRUPT
   * breaks the compaction off.
   */
  async waitForCompaction(ifBusy: IfBusy): Promise<void> {
    if (!this.#compaction) return
    if (ifBusy === 'REJECT') throw new CompactingError()
    if (ifBusy === 'INTERRUPT') this.#compaction.abort.abort(createInterruptedError())
    await this.#compaction.over.catch(() => undefined)
  }

  /**
   * Begins a turn, or has it wait. Throws SESSION_BUSY, STALE and RATE_LIMITED, `Compacting` whatever `ifBusy` says, and the
   * signal's reason when it aborts before the turn is committed; nothing is stored then.
   */
  async start(turn: NewTurn, ifBusy: IfBusy, signal: AbortSignal): Promise<StreamRecord> {
    if (this.#compaction) throw new CompactingError()
    return this.#enqueueTask(async () => {
      signal.throwIfAborted()
      this.#assertNotRemoved()
      if (this.#isContinued) throw await this.#options.createStaleError()
      const { activeStream } = this
      if (activeStream && ifBusy === 'REJECT') throw createBusyError(activeStream)
      if (activeStream && ifBusy === 'QUEUE') return this.#enqueueTurn(turn)
      return this.#startTurn(turn, signal)
    })
  }

  /** The stream that holds the session, or is the first that waits. */
  get activeStream(): StreamRecord | null {
    return this.activeRunner?.committed.stream ?? this.#queue[0] ?? null
  }

  /**
   * Ends the session and has another one go on where it ends: both in one transaction, so that there is never a half of
   * it. Until then the session is busy. Throws SESSION_BUSY and STALE, SHUTTING_DOWN when it is closed meanwhile, and what
   * `compose` throws; nothing changes then.
   */
  async compact(compose: (signal: AbortSignal) => Promise<CreateSessionRequest>): Promise<SessionRecord> {
    if (this.#compaction) throw new CompactingError()
    const abort = new AbortController()
    const result = this.#enqueueTask(async () => {
      abort.signal.throwIfAborted()
      this.#assertNotRemoved()
      if (this.#isContinued) throw await this.#options.createStaleError()
      if (this.activeStream) throw createBusyError(this.activeStream)
      return this.#commitContinuation(compose, abort.signal)
    }).finally(() => (this.#compaction = null))
    // From this moment on, so that nobody comes in between.
    this.#compaction = { abort, over: result }
    return result
  }

  async #commitContinuation(
    compose: (signal: AbortSignal) => Promise<CreateSessionRequest>,
    signal: AbortSignal,
  ): Promise<SessionRecord> {
    const continuation = await rejectOnAbort(compose(signal), signal)
    const { runtime, sessionId } = this.#options
    const toId = continuation.session.id
    await this.#writer.write(() => {
      signal.throwIfAborted()
      const at = runtime.now()
      return {
        continuation,
        sessionPatch: { endedAt: at, endReason: 'compression' },
        drafts: [{ type: 'SessionContinued', at, sessionId, streamId: null, toId }],
      }
    })
    this.#isContinued = true
    return continuation.session
  }

  /** Changes the session beside its turns, and tells so in its log, unless that has had its last event. Throws NOT_FOUND. */
  async update(change: SessionRecordPatch, usage?: Usage): Promise<void> {
    const { runtime, sessionId } = this.#options
    await this.#enqueueTask(async () => {
      this.#assertNotRemoved()
      await this.#writer.write(() => ({
        sessionPatch: change,
        ...(usage && { additionalUsage: usage }),
        drafts: this.#isContinued ? [] : [{ type: 'SessionChanged', at: runtime.now(), sessionId, streamId: null }],
      }))
    })
  }

  /** Throws SESSION_BUSY when an answer is being made, a message waits, or the session is being compacted. */
  assertIdle(): void {
    if (this.#compaction) throw new CompactingError()
    if (this.activeStream) throw createBusyError(this.activeStream)
  }

  /** Has the session removed while nothing happens in it. Throws SESSION_BUSY and NOT_FOUND. */
  async remove(deleteSession: () => Promise<void>): Promise<void> {
    this.assertIdle()
    await this.#enqueueTask(async () => {
      this.#assertNotRemoved()
      this.assertIdle()
      await deleteSession()
      this.#isRemoved = true
    })
  }

  #assertNotRemoved(): void {
    if (this.#isRemoved) throw notFound('session', this.#options.sessionId)
  }

  /** Takes up streams that waited when the server stopped, in their order. */
  resume(queued: readonly StreamRecord[]): Promise<void> {
    return this.#enqueueTask(async () => {
      this.#queue.push(...queued)
    })
  }

  /** Ends a stream that runs or waits here; null when it does neither any more. */
  async cancel(streamId: string): Promise<{ readonly saved: CommittedState; readonly first: boolean } | null> {
    const runner = this.activeRunner
    if (runner?.committed.stream.id === streamId) {
      const first = !runner.isFinishing
      return { saved: await runner.finish({ status: 'CANCELLED' }), first }
    }
    return this.#enqueueTask(async () => {
      const queued = this.#queue.find(({ id }) => id === streamId)
      // Its turn may have come while this waited for its own.
      if (!queued) return this.activeRunner?.committed.stream.id === streamId ? this.cancel(streamId) : null
      return { saved: await this.#withdrawStream(queued), first: true }
    })
  }

  /** Ends what runs, because the server stops. What waits goes on waiting. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#compaction?.abort.abort(shuttingDown())
    await this.activeRunner?.finish({ status: 'INTERRUPTED' })
    await this.#mailbox
  }

  /** The turn runs now; what runs already is ended in the same transaction, ahead of all that waits. */
  async #startTurn(turn: NewTurn, signal: AbortSignal): Promise<StreamRecord> {
    const { stream, userMessage, model, idempotencyKey, sessionToCreate, title } = turn
    let seq = 0
    const composeBatch = (headSeq: number): AppendBatch => {
      signal.throwIfAborted()
      seq = headSeq + 1
      return {
        ...(sessionToCreate && { newSession: sessionToCreate.session }),
        ...(title !== null && { sessionPatch: { title, titleSource: 'MESSAGE' } }),
        ...(idempotencyKey && { idempotencyKey: { streamId: stream.id, ...idempotencyKey } }),
        drafts: [acceptStream(stream, this.#options.runtime)],
        streams: [{ ...stream, firstSeq: seq }],
        messages: [...(sessionToCreate?.messages ?? []), withPosition(userMessage, seq)],
        activityAt: userMessage.createdAt,
      }
    }
    const runner = this.activeRunner
    const endsActiveTurn = runner !== null && !runner.isFinishing
    await runner?.finish({ status: 'CANCELLED' }, composeBatch)
    // It may have ended by itself meanwhile, without what was to go along.
    if (!endsActiveTurn || !runner.hasCommittedExtraBatch) await this.#writer.write(composeBatch)
    const startedStream = { ...stream, firstSeq: seq, lastSeq: seq }
    this.#runStream(startedStream, withPosition(userMessage, seq), model)
    return startedStream
  }

  async #enqueueTurn({ stream, userMessage, idempotencyKey }: NewTurn): Promise<StreamRecord> {
    if (this.#queue.length >= maxQueued) {
      throw new SegueError('RATE_LIMITED', `${maxQueued} messages wait in this session already.`)
    }
    const queued: StreamRecord = { ...stream, status: 'QUEUED' }
    const { headSeq } = await this.#writer.write((previousHeadSeq) => ({
      ...(idempotencyKey && { idempotencyKey: { streamId: stream.id, ...idempotencyKey } }),
      drafts: [acceptStream(queued, this.#options.runtime)],
      streams: [{ ...queued, firstSeq: previousHeadSeq + 1 }],
      messages: [userMessage],
      activityAt: userMessage.createdAt,
    }))
    const stored = { ...queued, firstSeq: headSeq, lastSeq: headSeq }
    this.#queue.push(stored)
    return stored
  }

  /** A message that is taken back before its turn stays in the transcript, and no model is sent it. */
  async #withdrawStream(queued: StreamRecord): Promise<CommittedState> {
    const { stream, event } = withdrawStream(queued, this.#options.runtime)
    const message = await this.#options.findMessage(queued.userMessageId)
    const { headSeq } = await this.#writer.write((previousHeadSeq) => ({
      fence: { streamId: queued.id, generation: queued.generation },
      drafts: [event],
      streams: [stream],
      messages: message ? [{ ...withPosition(message, previousHeadSeq + 1), withdrawn: true }] : [],
    }))
    this.#queue = this.#queue.filter(({ id }) => id !== queued.id)
    const finishedStream = { ...stream, lastSeq: headSeq }
    this.#options.onStreamEnded(finishedStream)
    return { stream: finishedStream, answer: null }
  }

  /** The first that waits has its turn. */
  async #startNextQueued(): Promise<void> {
    const queued = this.#queue[0]
    if (!queued || this.activeRunner || this.#isClosing) return
    const message = await this.#options.findMessage(queued.userMessageId)
    if (!message) throw new Error(`stream ${queued.id} has no user's message`)
    const { stream, event } = dequeueStream(queued, this.#options.runtime)
    const { headSeq } = await this.#writer.write((previousHeadSeq) => ({
      fence: { streamId: queued.id, generation: queued.generation },
      drafts: [event],
      streams: [stream],
      messages: [withPosition(message, previousHeadSeq + 1)],
    }))
    this.#queue.shift()
    const model = await this.#options
      .findModel(stream.model)
      .catch((error: unknown) => createMissingModel(stream.model, error))
    this.#runStream({ ...stream, lastSeq: headSeq }, withPosition(message, headSeq), model)
  }

  #runStream(stream: StreamRecord, userMessage: MessageRecord, model: ResolvedModel): void {
    const runner = new StreamRunner({
      writer: this.#writer,
      runtime: this.#options.runtime,
      turn: createTurnState(stream, userMessage),
      loadModelMessages: this.#options.prepareModelMessages(model),
      isToolGranted: this.#options.isToolGranted,
      log: this.#options.log,
      onLateEvent: this.#options.onLateEvent,
    })
    this.#runner = runner
    runner
      .run(model.agent, model.name)
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'A stream could not be finished.'))
      .finally(() => {
        const finishedStream = runner.committed.stream
        this.#options.onStreamEnded(finishedStream)
        if (this.#runner === runner) this.#runner = null
        void this.#enqueueTask(async () => undefined)
        if (finishedStream.status === 'COMPLETED') this.#options.onTurnCompleted(finishedStream, runner.contextTokens)
      })
  }

  /** One step at a time; after each, whoever waits first has its turn if nobody else has. */
  #enqueueTask<T>(task: () => Promise<T>): Promise<T> {
    this.#pendingTaskCount += 1
    const result = this.#mailbox.then(task)
    this.#mailbox = result
      .catch(() => undefined)
      .then(() => this.#startNextQueued())
      .catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'Starting the next queued stream failed. Retrying.')
        this.#scheduleRetry()
      })
      .finally(() => {
        this.#pendingTaskCount -= 1
        if (this.#pendingTaskCount === 0 && !this.#runner && this.#queue.length === 0) this.#options.onIdle()
      })
    return result
  }

  #scheduleRetry(): void {
    if (this.#retryTimer) return
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null
      void this.#enqueueTask(async () => undefined)
    }, turnRetryDelayMs).unref()
  }
}

function withPosition(message: MessageRecord, seq: number): MessageRecord {
  return { ...message, position: toUserMessagePosition(seq) }
}

function createBusyError({ id }: StreamRecord): SegueError {
  const message = 'An answer is being made in this session. Wait for its end, or cancel it.'
  return new SegueError('SESSION_BUSY', message, { streamId: id })
}

function createInterruptedError(): SegueError {
  return new SegueError('SESSION_BUSY', 'A message came that was not to wait: the session is as it was.')
}

/** The session is being summarised, to go on in another one. */
export class CompactingError extends SegueError {
  constructor() {
    super('SESSION_BUSY', 'This session is being compacted. Wait for that, and go on where it is continued.')
  }
}

/** What answers for a model that was there when the message came and is gone now that its turn has. */
function createMissingModel(id: string, cause: unknown): ResolvedModel {
  const createNotFoundError = () =>
    new AgentError('MODEL_NOT_FOUND', `The model ${id} is not there any more.`, { cause })
  const rejectNotFound = () => Promise.reject(createNotFoundError())
  return {
    id,
    name: id,
    agent: {
      // oxlint-disable-next-line require-yield
      async *answer() {
        throw createNotFoundError()
      },
    },
    textGenerator: { generateSummary: rejectNotFound, generateTitle: rejectNotFound },
    contextWindow: Number.POSITIVE_INFINITY,
  }
}
