import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { Budget } from '../../model/usage.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { EventLogWriter } from '../log/event-log-writer.ts'
import { ignoreForeignEnd, isStreamAlreadyEnded } from '../streaming/is-stream-already-ended.ts'
import type { ComposeFinalBatch } from '../streaming/stream-committer.ts'
import { StreamObserver } from '../streaming/stream-observer.ts'
import { StreamRunner } from '../streaming/stream-runner.ts'
import type { NewTurn } from '../turn/new-turn.ts'
import { createTurnState } from '../turn/turn.ts'
import { composeStartBatch } from './compose-session-batches.ts'
import { createMissingModel } from './missing-model.ts'
import { createSteeredQueueComposer } from './queue/compose-steered-queue.ts'
import { assignUserMessagePosition, type QueuedStreams, type StartedStream } from './queue/queued-streams.ts'
import type { SessionActorOptions } from './session-actor-options.ts'

export interface ActiveTurnOptions extends SessionActorOptions {
  readonly writer: EventLogWriter
  readonly queue: QueuedStreams
  /** Called when a stream has ended and the next one may start. */
  readonly onRunEnded: () => void
}

/**
 * The turn that runs in a session: at most one. A turn that starts while another one runs takes its place, in one
 * transaction. Starts must not overlap.
 */
export class ActiveTurn {
  readonly #options: ActiveTurnOptions
  #runner: StreamRunner | null = null

  constructor(options: ActiveTurnOptions) {
    this.#options = options
  }

  /** The runner of the stream that is running now. */
  get runner(): StreamRunner | null {
    return this.#runner?.committed.stream.finishedAt === null ? this.#runner : null
  }

  /** The stream of the newest turn; null once its end was handled. */
  get stream(): StreamRecord | null {
    return this.#runner?.committed.stream ?? null
  }

  /** Starts a turn ahead of the queue. If a stream is running, its end is committed in the same transaction. */
  async start(turn: NewTurn, signal: AbortSignal): Promise<StreamRecord> {
    let { stream } = turn
    await this.#writeInPlaceOfRunning((headSeq) => {
      signal.throwIfAborted()
      const seq = headSeq + 1
      stream = { ...turn.stream, firstSeq: seq, lastSeq: seq }
      const userMessage = assignUserMessagePosition(turn.userMessage, seq)
      return {
        ...composeStartBatch(turn, seq, this.#options.runtime),
        onCommitted: () => this.#run({ stream, userMessage }, turn.model, turn.budget),
      }
    })
    return stream
  }

  /**
   * Starts the turn of a queued stream, and stores the keys of the call. If a stream is running, its end is committed in the
   * same transaction.
   */
  async startQueued(
    queued: StreamRecord,
    { idempotencyKeys = [], signal }: { idempotencyKeys?: readonly IdempotencyKeyRecord[]; signal?: AbortSignal } = {},
  ): Promise<StreamRecord> {
    const { queue, resolveModel } = this.#options
    // Before the commit, so that the stream runs as soon as readers are told so.
    const model = await resolveModel(queued.model).catch((error: unknown) => createMissingModel(queued.model, error))
    let stream = queued
    const compose = await queue.composeStart(queued, {
      idempotencyKeys,
      onStarted: (started) => {
        stream = started.stream
        this.#run(started, model)
      },
    })
    await this.#writeInPlaceOfRunning((headSeq) => {
      signal?.throwIfAborted()
      return compose(headSeq)
    })
    return stream
  }

  /** Commits a batch, in one transaction with the end of the stream that is running, if there is one. */
  async #writeInPlaceOfRunning(composeBatch: ComposeFinalBatch): Promise<void> {
    const finished = await this.runner?.finishWith({ status: 'CANCELLED', isReplaced: true }, composeBatch)
    if (!finished?.included) await this.#options.writer.write(composeBatch)
  }

  /** Ends the turn if another process has ended its stream, or taken it over: whatever is written of that is refused. */
  async leave(lostIds: ReadonlySet<string>): Promise<void> {
    const { runner } = this
    if (!runner || runner.isFinishing || !lostIds.has(runner.committed.stream.id)) return
    await runner.finish({ status: 'INTERRUPTED' }).catch(ignoreForeignEnd)
  }

  #run({ stream, userMessage }: StartedStream, model: ResolvedModel, budget: Budget | null = null): void {
    const { log, telemetry, createAnswerContext, prices } = this.#options
    const streamTelemetry = telemetry.startStream({ id: stream.id, sessionId: stream.sessionId, model: model.id })
    const observer = new StreamObserver(streamTelemetry)
    const runner = new StreamRunner({
      ...this.#options,
      budget,
      observer,
      turn: { ...createTurnState(stream, userMessage), pricing: prices.find(stream.model) },
      context: createAnswerContext(stream, model),
      queueSteered: createSteeredQueueComposer(this.#options.queue, this.#options.onStreamQueued),
    })
    this.#runner = runner
    streamTelemetry
      .run(() => runner.run(model.agent, model.name))
      .catch((error: unknown) => {
        if (isStreamAlreadyEnded(error)) log.warn({ stream: stream.id }, 'Another process has ended a stream.')
        else log.error({ err: error, stream: stream.id }, 'A stream could not be finished.')
      })
      .finally(() => {
        observer.onEnd(runner.committed.stream)
        this.#onRunEnded(runner)
      })
  }

  #onRunEnded(runner: StreamRunner): void {
    const { stream } = runner.committed
    if (stream.finishedAt === null) this.#options.onStreamLost(stream.id)
    else this.#options.onStreamEnded(stream)
    if (this.#runner === runner) this.#runner = null
    this.#options.onRunEnded()
    this.#options.onTurnEnded(stream, runner.lastStepUsage)
  }
}
