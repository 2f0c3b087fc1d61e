import type { ResolvedModel } from '../../agent/models/model-registry.ts'
import { createIdNotFoundError, type SegueError, createShuttingDownError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { streamExceededContextWindow, type StreamRecord } from '../../model/stream.ts'
import type { SessionRecordPatch } from '../../storage/event-store.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import type { EventLog } from '../log/event-log.ts'
import { type AppendBatch, EventLogWriter } from '../log/event-log-writer.ts'
import type { IfBusy } from '../turn/if-busy.ts'
import type { NewTurn } from '../turn/new-turn.ts'
import { createSessionChangedDraft } from '../turn/transitions.ts'
import { createTurnState } from '../turn/turn.ts'
import { ActorMailbox } from './actor-mailbox.ts'
import { createMissingModel } from './missing-model.ts'
import { CompactingError, createBusyError, createCompactionCancelledError } from './session-errors.ts'
import { composeContinuationBatch, composeStartBatch } from './compose-session-batches.ts'
import type { CommittedStreamState, ComposeFinalBatch } from '../streaming/stream-committer.ts'
import {
  assignUserMessagePosition,
  QueuedStreams,
  type QueuedStreamsOptions,
  type StartedStream,
} from './queued-streams.ts'
import { StreamRunner, type StreamRunnerOptions } from '../streaming/stream-runner.ts'

export interface SessionActorOptions {
  readonly eventLog: EventLog
  readonly store: QueuedStreamsOptions['store']
  readonly runtime: ClockAndIds
  readonly log: Logger
  readonly sessionId: string
  /** Whether another session continues this one, so that it takes no more messages. */
  readonly loadIsContinued: () => Promise<boolean>
  readonly resolveModel: (id: string) => Promise<ResolvedModel>
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  /** Reads the messages before a turn once. The result adds the answer so far. */
  readonly prepareModelMessages: (model: ResolvedModel) => StreamRunnerOptions['loadModelMessages']
  readonly storeFile: StreamRunnerOptions['storeFile']
  readonly toolGrants: StreamRunnerOptions['toolGrants']
  /** The error for messages to a session that is continued by another one. */
  readonly createStaleError: () => Promise<SegueError>
  readonly onLateEvent: () => void
  readonly onStreamEnded: (stream: StreamRecord) => void
  /**
   * Called when a turn has completed, or has failed because its context is too long. `contextTokens` are the input and
   * output tokens of the last step; null if the model did not report any.
   */
  readonly onTurnCompleted: (stream: StreamRecord, contextTokens: number | null) => void
  /** Called when no stream runs or is queued, and no task is left. */
  readonly onIdle: () => void
}

interface Compaction {
  readonly abortController: AbortController
  readonly result: Promise<unknown>
}

/** How a stream was cancelled. `isFirst` is false if it was already ending. */
export interface StreamCancellationResult {
  readonly committed: CommittedStreamState
  readonly isFirst: boolean
}

/** The pause before another attempt to start a queued stream that could not be committed, for example on a full disk. */
const startRetryDelayMs = 500

/** Everything that changes one session, one task at a time: the running stream, the queue, compaction and deletion. */
export class SessionActor {
  readonly #options: SessionActorOptions
  readonly #writer: EventLogWriter
  readonly #mailbox: ActorMailbox
  #runner: StreamRunner | null = null
  readonly #queue: QueuedStreams
  #compaction: Compaction | null = null
  #isContinued: boolean | null = null
  #isDeleted = false
  #isClosing = false

  constructor(options: SessionActorOptions) {
    this.#options = options
    this.#writer = new EventLogWriter(options.eventLog, options.sessionId)
    this.#queue = new QueuedStreams({ ...options, writer: this.#writer })
    this.#mailbox = new ActorMailbox({
      afterEach: () => this.#startNextQueued(),
      retryDelayMs: startRetryDelayMs,
      onError: (error) => options.log.error({ err: error }, 'Starting the next queued stream failed. Retrying.'),
      onIdle: () => {
        if (!this.#runner && !this.#queue.first) options.onIdle()
      },
    })
  }

  /** The runner of the stream that is running now. */
  get activeRunner(): StreamRunner | null {
    return this.#runner?.committed.stream.finishedAt === null ? this.#runner : null
  }

  /** The stream that occupies the session: the running one, or else the first queued one. */
  get activeStream(): StreamRecord | null {
    return this.activeRunner?.committed.stream ?? this.#queue.first
  }

  /** A stream that runs or is queued here. */
  findStream(id: string): StreamRecord | null {
    const running = this.#runner?.committed.stream
    return running?.id === id ? running : this.#queue.find(id)
  }

  /** Throws SESSION_BUSY while a stream runs or is queued, or the session is being compacted. */
  assertIdle(): void {
    if (this.#compaction) throw new CompactingError()
    if (this.activeStream) throw createBusyError(this.activeStream)
  }

  /**
   * Waits for the end of a compaction in progress. With REJECT, throws CompactingError instead; with INTERRUPT, cancels
   * the compaction.
   */
  async waitForCompaction(ifBusy: IfBusy): Promise<void> {
    if (!this.#compaction) return
    if (ifBusy === 'REJECT') throw new CompactingError()
    if (ifBusy === 'INTERRUPT') this.#compaction.abortController.abort(createCompactionCancelledError())
    await this.#compaction.result.catch(() => undefined)
  }

  /**
   * Starts or queues a turn. Throws SESSION_BUSY, STALE and RATE_LIMITED, CompactingError whatever `ifBusy` is, and the
   * signal's reason if it aborts before the turn is committed. Nothing is changed then.
   */
  async start(turn: NewTurn, ifBusy: IfBusy, signal: AbortSignal): Promise<StreamRecord> {
    if (this.#compaction) throw new CompactingError()
    return this.#mailbox.enqueue(async () => {
      signal.throwIfAborted()
      if (turn.sessionToCreate) this.#isContinued = false
      await this.#assertNotContinued()
      const { activeStream } = this
      if (activeStream && ifBusy === 'REJECT') throw createBusyError(activeStream)
      if (activeStream && ifBusy === 'QUEUE') return this.#queue.add(turn)
      return this.#startTurn(turn, signal)
    })
  }

  /**
   * Ends the session and creates the one that continues it, in one transaction. Meanwhile the session is busy. Throws
   * SESSION_BUSY and STALE, SHUTTING_DOWN if the actor is closed meanwhile, and what `compose` throws. The session is
   * unchanged then.
   */
  async compact(compose: (signal: AbortSignal) => Promise<SessionWithInitialMessages>): Promise<SessionRecord> {
    if (this.#compaction) throw new CompactingError()
    const abortController = new AbortController()
    const { signal } = abortController
    const result = this.#mailbox
      .enqueue(async () => {
        signal.throwIfAborted()
        await this.#assertNotContinued()
        if (this.activeStream) throw createBusyError(this.activeStream)
        return this.#commitContinuation(await rejectOnAbort(compose(signal), signal), signal)
      })
      .finally(() => (this.#compaction = null))
    // Set at once, so that no turn starts before the task runs.
    this.#compaction = { abortController, result }
    return result
  }

  /** Changes the session's record, commits `more` with it, and appends SessionChanged unless the log has ended. Throws NOT_FOUND. */
  async update(patch: SessionRecordPatch, more: Partial<AppendBatch> = {}): Promise<void> {
    const { runtime, sessionId } = this.#options
    await this.#mailbox.enqueue(async () => {
      this.#assertNotDeleted()
      const isContinued = await this.#loadIsContinued()
      await this.#writer.write(() => ({
        ...more,
        sessionPatch: patch,
        drafts: isContinued ? [] : [createSessionChangedDraft(sessionId, runtime)],
      }))
    })
  }

  /** Deletes the session. Throws SESSION_BUSY and NOT_FOUND. */
  async delete(deleteSession: () => Promise<void>): Promise<void> {
    this.assertIdle()
    await this.#mailbox.enqueue(async () => {
      this.#assertNotDeleted()
      this.assertIdle()
      await deleteSession()
      this.#isDeleted = true
    })
  }

  /** Takes over streams that were queued when the server stopped, in order. */
  resume(queued: readonly StreamRecord[]): Promise<void> {
    return this.#mailbox.enqueue(async () => this.#queue.restore(queued))
  }

  /** Cancels a stream that runs or is queued here, and stores the keys of the call. Returns null if it does neither any more. */
  async cancel(streamId: string, keys: readonly IdempotencyKeyRecord[] = []): Promise<StreamCancellationResult | null> {
    const runner = this.activeRunner
    if (runner?.committed.stream.id === streamId) {
      const { committed, included } = await runner.finish({ status: 'CANCELLED' }, keys)
      return { committed, isFirst: included }
    }
    return this.#mailbox.enqueue(async () => {
      const queued = this.#queue.find(streamId)
      // It may have started while this task was waiting.
      if (!queued) return this.activeRunner?.committed.stream.id === streamId ? this.cancel(streamId, keys) : null
      const stream = await this.#queue.withdraw(queued, keys)
      this.#options.onStreamEnded(stream)
      return { committed: { stream, answer: null }, isFirst: true }
    })
  }

  /** Ends the running stream as INTERRUPTED, because the server shuts down. Queued streams stay queued. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#compaction?.abortController.abort(createShuttingDownError())
    await this.activeRunner?.finish({ status: 'INTERRUPTED' })
    await this.#mailbox.drain()
  }

  #assertNotDeleted(): void {
    if (this.#isDeleted) throw createIdNotFoundError('session', this.#options.sessionId)
  }

  async #assertNotContinued(): Promise<void> {
    this.#assertNotDeleted()
    if (await this.#loadIsContinued()) throw await this.#options.createStaleError()
  }

  /** Loaded by the first task, and not earlier: until then another actor of this session may continue it. */
  async #loadIsContinued(): Promise<boolean> {
    this.#isContinued ??= await this.#options.loadIsContinued()
    return this.#isContinued
  }

  async #commitContinuation(continuation: SessionWithInitialMessages, signal: AbortSignal): Promise<SessionRecord> {
    const { runtime, sessionId } = this.#options
    await this.#writer.write(() => {
      signal.throwIfAborted()
      return composeContinuationBatch(continuation, sessionId, runtime.now())
    })
    this.#isContinued = true
    return continuation.session
  }

  /** Starts a turn ahead of the queue. If a stream is running, its end is committed in the same transaction. */
  async #startTurn(turn: NewTurn, signal: AbortSignal): Promise<StreamRecord> {
    let seq = 0
    const composeBatch: ComposeFinalBatch = (headSeq) => {
      signal.throwIfAborted()
      seq = headSeq + 1
      return composeStartBatch(turn, seq, this.#options.runtime)
    }
    const finished = await this.activeRunner?.finishWith({ status: 'CANCELLED' }, composeBatch)
    if (!finished?.included) await this.#writer.write(composeBatch)
    const stream = { ...turn.stream, firstSeq: seq, lastSeq: seq }
    this.#runStream({ stream, userMessage: assignUserMessagePosition(turn.userMessage, seq) }, turn.model)
    return stream
  }

  async #startNextQueued(): Promise<void> {
    if (this.activeRunner || this.#isClosing) return
    const started = await this.#queue.dequeue()
    if (!started) return
    const modelId = started.stream.model
    const model = await this.#options
      .resolveModel(modelId)
      .catch((error: unknown) => createMissingModel(modelId, error))
    this.#runStream(started, model)
  }

  #runStream({ stream, userMessage }: StartedStream, model: ResolvedModel): void {
    const { log, prepareModelMessages } = this.#options
    const runner = new StreamRunner({
      ...this.#options,
      writer: this.#writer,
      turn: createTurnState(stream, userMessage),
      loadModelMessages: prepareModelMessages(model),
    })
    this.#runner = runner
    runner
      .run(model.agent, model.name)
      .catch((error: unknown) => log.error({ err: error, stream: stream.id }, 'A stream could not be finished.'))
      .finally(() => this.#onRunEnded(runner))
  }

  #onRunEnded(runner: StreamRunner): void {
    const { stream } = runner.committed
    this.#options.onStreamEnded(stream)
    if (this.#runner === runner) this.#runner = null
    this.#mailbox.wake()
    if (stream.status === 'COMPLETED' || streamExceededContextWindow(stream))
      this.#options.onTurnCompleted(stream, runner.contextTokens)
  }
}
