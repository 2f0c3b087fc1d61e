import { repeatAfterConflicts } from '../log/repeat-after-conflicts.ts'
import { createIdNotFoundError, createShuttingDownError } from '../../lib/errors.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { AdditionalUsage, SessionRecordPatch } from '../../storage/event-store.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import { type AppendBatch, EventLogWriter } from '../log/event-log-writer.ts'
import type { IfBusy } from '../turn/if-busy.ts'
import type { AcceptedStream, NewTurn } from '../turn/new-turn.ts'
import { createSessionChangedDraft } from '../turn/transitions.ts'
import { ActiveTurn } from './active-turn.ts'
import { ActorMailbox } from './actor-mailbox.ts'
import { ExclusiveSessionCompaction } from './continuation/exclusive-session-compaction.ts'
import { LostSessionStreams } from './lost-session-streams.ts'
import type { SessionActorOptions } from './session-actor-options.ts'
import {
  type CompactionInProgress,
  type CompactionSteps,
  SessionContinuationWriter,
} from './continuation/session-continuation-writer.ts'
import { createBusyError } from './session-errors.ts'
import type { StreamFinishResult } from '../streaming/stream-runner-options.ts'
import { QueuedStreams } from './queue/queued-streams.ts'
import { ignoreForeignEnd } from '../streaming/is-stream-already-ended.ts'
import type { StreamRunner } from '../streaming/stream-runner.ts'

/** Everything that changes one session, one task at a time: the running stream, the queue, compaction and deletion. */
export class SessionActor {
  readonly #options: SessionActorOptions
  readonly #writer: EventLogWriter
  readonly #continuationWriter: SessionContinuationWriter
  readonly #mailbox: ActorMailbox
  readonly #queue: QueuedStreams
  readonly #turn: ActiveTurn
  readonly #lost: LostSessionStreams
  readonly #compaction = new ExclusiveSessionCompaction()
  #isContinued: boolean | null = null
  #isDeleted = false
  #isClosing = false

  constructor(options: SessionActorOptions) {
    this.#options = options
    const onConflict = (): void => {
      this.#isContinued = null
      this.#lost.suspect()
    }
    const beforeRetry = () => this.#lost.leaveQueued()
    this.#writer = new EventLogWriter(options.eventLog, options.sessionId, { onConflict, beforeRetry })
    const assertNotContinued = () => this.#assertNotContinued()
    this.#continuationWriter = new SessionContinuationWriter({ ...options, writer: this.#writer, assertNotContinued })
    this.#queue = new QueuedStreams({ ...options, writer: this.#writer })
    this.#turn = new ActiveTurn({
      ...options,
      writer: this.#writer,
      queue: this.#queue,
      onRunEnded: () => this.#mailbox.wake(),
    })
    this.#lost = new LostSessionStreams({ ...options, turn: this.#turn, queue: this.#queue })
    this.#mailbox = new ActorMailbox({
      afterEach: () => repeatAfterConflicts(() => this.#startNextQueued()),
      onError: (error) => options.log.error({ err: error }, 'Starting the next queued stream failed. Retrying.'),
      onIdle: () => {
        if (!this.#turn.stream && !this.#queue.first && !this.isCompacting) options.onIdle()
      },
    })
  }

  /** The runner of the stream that is running now. */
  get activeRunner(): StreamRunner | null {
    return this.#turn.runner
  }

  /** The stream that occupies the session: the running one, or else the first queued one. */
  get activeStream(): StreamRecord | null {
    return this.activeRunner?.committed.stream ?? this.#queue.first
  }

  /** A stream that runs or is queued here. */
  findStream(id: string): StreamRecord | null {
    const running = this.#turn.stream
    return running?.id === id ? running : this.#queue.find(id)
  }

  /** The streams that run or are queued here, in the order in which they run. */
  listStreams(): StreamRecord[] {
    return [...(this.activeRunner ? [this.activeRunner.committed.stream] : []), ...this.#queue.list()]
  }

  /** Whether `compact` is at work. */
  get isCompacting(): boolean {
    return this.#compaction.isRunning
  }

  /** Throws SESSION_BUSY while a stream runs or is queued, or the session is being compacted. */
  assertIdle(): void {
    this.#compaction.assertNotRunning()
    if (this.activeStream) throw createBusyError(this.activeStream)
  }

  /** Waits for the end of a compaction in progress. With REJECT, throws CompactingError instead; with INTERRUPT, cancels it. */
  waitForCompaction(ifBusy: IfBusy): Promise<void> {
    return this.#compaction.wait(ifBusy)
  }

  /**
   * Starts or queues a turn. Throws SESSION_BUSY, STALE and RATE_LIMITED, CompactingError whatever `ifBusy` is, and the
   * signal's reason if it aborts before the turn is committed. Nothing is changed then.
   */
  async start(turn: NewTurn, ifBusy: IfBusy, signal: AbortSignal): Promise<AcceptedStream> {
    this.#compaction.assertNotRunning()
    return this.#mailbox.enqueue(async () => {
      signal.throwIfAborted()
      if (turn.sessionToCreate) this.#isContinued = false
      await this.#assertNotContinued()
      const { activeStream } = this
      if (activeStream && ifBusy === 'REJECT') throw createBusyError(activeStream)
      if (activeStream && ifBusy === 'QUEUE') return this.#queue.add(turn)
      return ifBusy === 'STEER' ? this.#steer(turn, signal) : this.#turn.start(turn, signal)
    })
  }

  /**
   * Ends the session and creates the one that continues it, in one transaction. The session is busy from the call on, also
   * while `prepare` runs, which may wait for other tasks of the session. Throws SESSION_BUSY and STALE, SHUTTING_DOWN if
   * the actor is closed meanwhile, and what `prepare` and `compose` throw. The session is unchanged then, except for the
   * two events that tell of the attempt.
   */
  async compact({ prepare, compose }: CompactionSteps): Promise<SessionRecord> {
    const compaction = this.#compaction.run(async (signal, end) => {
      await rejectOnAbort(prepare(signal), signal)
      return this.#mailbox.enqueue(() => this.#compact({ signal, compose, onEnd: end }))
    })
    return compaction.finally(() => this.#mailbox.wake())
  }

  /**
   * Ends the session and creates the one that continues it, in one transaction, if nothing runs or is queued. Resolves to
   * null, and changes nothing, if that is not so or `compose` resolves to null.
   */
  continueIfIdle(compose: () => Promise<SessionWithInitialMessages | null>): Promise<SessionRecord | null> {
    return this.#mailbox.enqueue(async () => {
      if (this.activeStream || this.#isClosing || this.#isDeleted || (await this.#loadIsContinued())) return null
      const session = await this.#continuationWriter.write(compose)
      if (session) this.#isContinued = true
      return session
    })
  }

  /**
   * Stores a checkpoint if there is one, with an event that tells of it unless the log has ended, and counts what was used
   * for it. Throws NOT_FOUND.
   */
  storeCheckpoint(checkpoint: ContextCheckpoint | null, additionalUsage: AdditionalUsage): Promise<void> {
    return this.#mailbox.enqueue(async () => {
      if (checkpoint) this.activeRunner?.onCheckpointStored()
      await this.#writeRecord({ ...(checkpoint && { checkpoint }), additionalUsage }, checkpoint !== null)
    })
  }

  /** Changes the session's record, commits `more` with it, and appends SessionChanged unless the log has ended. Throws NOT_FOUND. */
  update(patch: SessionRecordPatch, more: Partial<AppendBatch> = {}): Promise<void> {
    return this.#mailbox.enqueue(() => this.#writeRecord({ ...more, sessionPatch: patch }, true))
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

  /** Takes over streams that an earlier process, or another one, has queued, in order. */
  resume(queued: readonly StreamRecord[]): Promise<void> {
    return this.#mailbox.enqueue(async () => this.#queue.restore(queued.filter(({ id }) => !this.findStream(id))))
  }

  /** Leaves streams that another process has ended or taken over. Those that are queued may be of this process again. */
  async leaveStreams(lostIds: ReadonlySet<string>): Promise<void> {
    await this.#turn.leave(lostIds)
    this.#lost.suspect()
    await this.#mailbox.enqueue(() => this.#lost.leaveIfAny())
  }

  /**
   * Cancels a stream that runs or is queued here, and stores the keys of the call. Resolves to null if it does neither any more,
   * and to `included: false` if it was already ending.
   */
  async cancel(streamId: string, keys: readonly IdempotencyKeyRecord[] = []): Promise<StreamFinishResult | null> {
    const runner = this.activeRunner
    if (runner?.committed.stream.id === streamId) return runner.finish({ status: 'CANCELLED' }, keys)
    return this.#mailbox.enqueue(async () => {
      const queued = this.#queue.find(streamId)
      // It may have started while this task was waiting.
      if (!queued) return this.activeRunner?.committed.stream.id === streamId ? this.cancel(streamId, keys) : null
      const stream = await this.#queue.withdraw(queued, keys)
      this.#options.onStreamEnded(stream)
      return { committed: { stream, answer: null }, included: true }
    })
  }

  /**
   * Changes the queue while nothing else changes the session. Throws STALE if the stream is not queued any more, the signal's
   * reason if it has aborted, and what `change` throws.
   */
  changeQueue<Result>(
    streamId: string,
    signal: AbortSignal,
    change: (queue: QueuedStreams, queued: StreamRecord) => Promise<Result>,
  ): Promise<Result> {
    return this.#mailbox.enqueue(async () => {
      signal.throwIfAborted()
      return change(this.#queue, this.#queue.require(streamId))
    })
  }

  /**
   * Starts the turn of a queued stream now, and stores the keys of the call. If a stream is running, its end is committed in
   * the same transaction. Throws STALE if the stream is not queued any more, and the signal's reason if it aborts before the
   * turn is committed.
   */
  startQueued(
    streamId: string,
    signal: AbortSignal,
    idempotencyKeys: readonly IdempotencyKeyRecord[],
  ): Promise<StreamRecord> {
    return this.changeQueue(streamId, signal, (_, queued) =>
      this.#turn.startQueued(queued, { idempotencyKeys, signal }),
    )
  }

  /** Starts no queued stream any more, and cancels a compaction, because the server shuts down. */
  stopStarting(): void {
    this.#isClosing = true
    this.#compaction.cancel(createShuttingDownError())
  }

  /** Ends the running stream as INTERRUPTED, because the server shuts down. Queued streams stay queued. */
  async close(): Promise<void> {
    this.stopStarting()
    await this.activeRunner?.finish({ status: 'INTERRUPTED' }).catch(ignoreForeignEnd)
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

  async #writeRecord(batch: Partial<AppendBatch>, isTold: boolean): Promise<void> {
    this.#assertNotDeleted()
    const { runtime, sessionId } = this.#options
    await repeatAfterConflicts(async () => {
      const hasEvent = isTold && !(await this.#loadIsContinued())
      const drafts = hasEvent ? [createSessionChangedDraft(sessionId, runtime)] : []
      await this.#writer.write(() => ({ ...batch, drafts }))
    })
  }

  async #compact(compaction: CompactionInProgress): Promise<SessionRecord> {
    compaction.signal.throwIfAborted()
    if (this.activeStream) throw createBusyError(this.activeStream)
    const continuation = await this.#continuationWriter.compact(compaction)
    this.#isContinued = true
    return continuation
  }

  /** Has a message join the running answer. If there is none, or it ends, queues it behind others, or starts it. */
  async #steer(turn: NewTurn, signal: AbortSignal): Promise<AcceptedStream> {
    const runner = this.activeRunner
    const joinedAtSeq = (await runner?.steering.accept(turn)) ?? null
    if (runner && joinedAtSeq !== null) return { ...runner.committed.stream, joinedAtSeq }
    return this.#queue.first ? this.#queue.add(turn) : this.#turn.start(turn, signal)
  }

  async #startNextQueued(): Promise<void> {
    await this.#lost.leaveIfAny()
    const next = this.#queue.first
    if (next && !this.activeRunner && !this.#isClosing) await this.#turn.startQueued(next)
  }
}
