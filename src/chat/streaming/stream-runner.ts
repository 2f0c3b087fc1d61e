import { setTimeout as delay } from 'node:timers/promises'
import type { ModelMessage } from 'ai'
import type { Agent, AgentEvent, ModelHistoryRequest } from '../../agent/agent.ts'
import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'
import type { EventDraft } from '../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { ContextSize } from '../../model/context/context-size.ts'
import type { Usage } from '../../model/usage.ts'
import { FencingError } from '../../storage/errors.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { applyAgentEvent, createSessionChangedDraft, finishTurn } from '../turn/transitions.ts'
import type { StreamEnding } from '../turn/stream-ending.ts'
import { listQueuedTurns } from '../turn/steering-transitions.ts'
import type { TurnTransition, TurnState } from '../turn/turn.ts'
import { isStreamAlreadyEnded } from './is-stream-already-ended.ts'
import { type CommittedStreamState, type ComposeFinalBatch, StreamCommitter } from './stream-committer.ts'
import { type RunningStreamForDecisions, StreamDecisions } from './stream-decisions.ts'
import type { StreamFinishResult, StreamRunnerOptions } from './stream-runner-options.ts'
import { StreamContextSize } from './stream-context-size.ts'
import { StreamSteering } from './stream-steering.ts'
import { createUnsavedEndError, isHomeLost, toStorageFailure, toStreamFailure } from './to-stream-failure.ts'

/** The pause before another attempt to commit the end of a stream, for example while the disk is full. */
const finishRetryDelayMs = 500

/**
 * Runs one stream: applies the agent's events, has them committed, and ends the stream exactly once. Others see
 * `committed` only, never events that are still pending.
 */
export class StreamRunner {
  /** What the stream waits for. */
  readonly decisions: StreamDecisions
  /** The messages that join it. */
  readonly steering: StreamSteering
  readonly #options: StreamRunnerOptions
  readonly #abortController = new AbortController()
  readonly #committer: StreamCommitter
  readonly #contextSize: StreamContextSize
  #turn: TurnState
  #finishResult: Promise<CommittedStreamState> | null = null
  /** Whether the newest request to the model has had no answer yet. */
  #isStepUnanswered = false
  /** Settles when `finishWith` has succeeded or failed; the agent's events wait for it. Never rejects. */
  #handover: Promise<void> | null = null

  constructor(options: StreamRunnerOptions) {
    this.#options = options
    this.#turn = options.turn
    this.#committer = new StreamCommitter(options.writer, options.turn, (error) => this.#onCommitFailed(error))
    this.#contextSize = new StreamContextSize(options.context)
    const stream = this.#toDecisionStream()
    this.decisions = new StreamDecisions({ ...options, stream })
    this.steering = new StreamSteering(stream, options.runtime)
  }

  get committed(): CommittedStreamState {
    return this.#committer.committed
  }

  /** The usage of the newest step that has ended. */
  get lastStepUsage(): Usage | null {
    return this.#turn.lastStepUsage
  }

  /** How much the model is sent next of the session, as far as it is committed. Null: it has to be counted. */
  get contextSize(): ContextSize | null {
    return this.#contextSize.find({ answer: this.committed.answer, steered: this.steering.applied })
  }

  /** A summary was stored with the session, which the requests of this stream do not have. */
  onCheckpointStored(): void {
    this.#contextSize.forget(false)
  }

  /** Whether the stream has ended or is about to: nothing can be added to it. */
  get isFinishing(): boolean {
    return this.#finishResult !== null
  }

  /** Runs the agent until it completes or fails, or someone else ends the stream. */
  async run(agent: Agent, model: string): Promise<void> {
    // An agent may ignore its signal. Then it continues in the background, and its events are refused.
    await Promise.race([this.#consumeAgentEvents(agent, model), waitForAbort(this.#abortController.signal)])
    await this.#finishResult
  }

  /**
   * Ends the stream. Stops accepting events, commits everything pending together with the terminal event, then aborts
   * the agent. Retries until the end is committed. Only the first call has an effect; all calls resolve to the committed
   * state. The keys of the first call are committed with the end.
   */
  async finish(
    ending: StreamEnding,
    idempotencyKeys: readonly IdempotencyKeyRecord[] = [],
  ): Promise<StreamFinishResult> {
    if (this.#handover) await this.#handover
    const included = this.#finishResult === null
    this.#finishResult ??= this.#commitEnding(ending, () => ({ drafts: [], idempotencyKeys }))
    return { committed: await this.#finishResult, included }
  }

  /**
   * Ends the stream like `finish`, and commits another batch in the same transaction. Rejects if `composeBatch` throws or
   * the transaction fails: the stream then continues as if nothing had happened.
   */
  async finishWith(ending: StreamEnding, composeBatch: ComposeFinalBatch): Promise<StreamFinishResult> {
    await this.#handover
    if (this.#finishResult) return { committed: await this.#finishResult, included: false }
    const handover = this.#committer.runAfterCommits(() => this.#writeEnd(ending, composeBatch))
    this.#handover = handover.then(
      (committed) => {
        this.#finishResult = Promise.resolve(committed)
        this.#release()
      },
      (error: unknown) => {
        if (this.#isLost(error)) this.finish({ status: 'INTERRUPTED' }).catch(() => undefined)
        else this.#committer.schedule()
      },
    )
    await this.#handover
    this.#handover = null
    return { committed: await handover, included: true }
  }

  async #consumeAgentEvents(agent: Agent, model: string): Promise<void> {
    try {
      const failure = await this.#options.budgets.findDayFailure()
      if (failure) return void (await this.finish({ status: 'FAILED', error: failure }))
      const events = agent.answer({
        model,
        effort: this.#turn.stream.effort ?? null,
        loadHistory: (request) => this.#loadModelMessages(request),
        storeFile: this.#options.storeFile,
        waitForPermission: (callId) => this.decisions.waitForPermission(callId),
        askUser: (...question) => this.decisions.askUser(...question),
        isCallAllowed: async (tool, input) => (await this.#options.approvalRules.findRule(tool, input)) !== null,
        isBudgetUsedUp: () => this.#isBudgetUsedUp(),
        hasPendingSteering: () => this.steering.hasPending,
        waitUntilCommitIsDue: () => this.#options.writer.commits.waitUntilDue(),
        signal: this.#abortController.signal,
      })
      for await (const event of events) {
        if (this.#handover) await this.#handover
        this.#applyAgentEvent(event)
        // Backpressure: a slow commit slows down the agent, instead of filling the memory.
        if (this.#committer.isFull) await this.#committer.flush()
        // An agent may never wait for I/O.
        if (turnScheduler.mustWait()) await yieldToEventLoop()
      }
      await this.finish({ status: 'COMPLETED' })
    } catch (error) {
      if (this.isFinishing) return
      await this.finish({ status: 'FAILED', error: toStreamFailure(error, this.#options.log) })
    }
  }

  async #isBudgetUsedUp(): Promise<boolean> {
    // The budget of the day counts what streams have committed.
    await this.#committer.flush()
    const { budgets, budget } = this.#options
    return budgets.isUsedUp(this.#turn.stream.usage, budget)
  }

  async #loadModelMessages(request?: ModelHistoryRequest): Promise<readonly ModelMessage[]> {
    const isRefused = this.#isStepUnanswered
    this.steering.applyPending(isRefused)
    await this.#committer.flush()
    let isFirst = true
    return this.#options.context.load(
      {
        answer: this.#turn.answer,
        steered: this.steering.applied,
        signal: this.#abortController.signal,
        onSummaryEvent: (event) => {
          // The request before the first one for a summary was refused, and costs nothing.
          const replacesRefused = isFirst && isRefused && event.type === 'step'
          isFirst = false
          const purpose = event.type === 'step' ? ({ purpose: 'SUMMARY' } as const) : {}
          this.#applyAgentEvent({ ...event, ...(replacesRefused && { replacesRefused }), ...purpose })
        },
        storeCheckpoint: (checkpoint) => this.#storeCheckpoint(checkpoint),
      },
      request,
    )
  }

  async #storeCheckpoint(checkpoint: ContextCheckpoint): Promise<void> {
    this.#contextSize.forget(true)
    const changed = createSessionChangedDraft(this.#turn.stream.sessionId, this.#options.runtime)
    await this.#committer.commitCheckpoint(checkpoint, changed)
  }

  #applyAgentEvent(event: AgentEvent): void {
    if (this.isFinishing) return this.#options.onLateEvent()
    this.#options.observer.onAgentEvent(event)
    this.#isStepUnanswered = event.type === 'step' || (this.#isStepUnanswered && event.type === 'retry-wait')
    const transition = applyAgentEvent(this.#turn, event, this.#options.runtime)
    this.#contextSize.applyAgentEvent(event, this.#turn, transition, this.steering)
    this.#commitContextSize(
      transition.events.find(({ type }) => type === 'StepFinished'),
      transition.turn,
    )
    this.#applyTransition(transition)
    void this.decisions.settleCancelled(transition)
    if (event.type === 'tool-call' && event.gate?.type === 'approval')
      this.decisions.setInputSchema(event.callId, event.gate.inputSchema)
  }

  /** Has the size of the session's context, as it is known now, committed with an event. */
  #commitContextSize(event: EventDraft | undefined, { answer }: TurnState): void {
    const size = event && this.#contextSize.find({ answer, steered: this.steering.applied })
    if (event && size) this.#committer.setContextSize(event, size)
  }

  #applyTransition(transition: TurnTransition, idempotencyKey: IdempotencyKeyRecord | null = null): void {
    this.decisions.startTimers(this.#turn, transition.turn)
    this.#turn = transition.turn
    this.#committer.enqueue(transition, idempotencyKey)
  }

  /** The stream ends, because its events cannot be committed. They are committed with the end as soon as possible. */
  #onCommitFailed(cause: unknown): void {
    if (!this.#isLost(cause))
      this.#options.log.error({ err: cause }, 'Events could not be saved: the stream is FAILED.')
    // An error is not lost: `run` rejects with it.
    this.finish({ status: 'FAILED', error: toStorageFailure(cause) }).catch(() => undefined)
  }

  /** Whether a write was refused because another process has ended this stream, or taken it over. */
  #isLost(error: unknown): boolean {
    return error instanceof FencingError && error.streamId === this.#turn.stream.id
  }

  async #commitEnding(ending: StreamEnding, composeBatch: ComposeFinalBatch): Promise<CommittedStreamState> {
    // From here on `isFinishing` is true, and the agent's events are refused. A commit in progress completes first.
    this.#committer.stop()
    try {
      return await this.#committer.runAfterCommits(() => this.#retryWriteEnd(ending, composeBatch))
    } finally {
      this.#release()
    }
  }

  async #retryWriteEnd(ending: StreamEnding, composeBatch: ComposeFinalBatch): Promise<CommittedStreamState> {
    for (;;) {
      try {
        return await this.#writeEnd(ending, composeBatch)
      } catch (error) {
        if (isStreamAlreadyEnded(error)) throw error
        this.#options.writer.interruptReaders(createUnsavedEndError(error))
        this.#abortController.abort()
        // Nothing can be saved any more, and the server stops.
        if (isHomeLost(error)) throw error
        this.#options.log.error({ err: error }, 'The end of a stream could not be saved. Retrying.')
      }
      await delay(finishRetryDelayMs, undefined, { ref: false })
    }
  }

  async #writeEnd(ending: StreamEnding, composeBatch: ComposeFinalBatch): Promise<CommittedStreamState> {
    const { runtime, queueSteered } = this.#options
    let finished = this.#turn
    await this.#committer.writeEnd(
      () => {
        const transition = finishTurn(this.#turn, ending, runtime, { committedAnswer: this.committed.answer })
        finished = transition.turn
        this.#commitContextSize(transition.events.at(-1), finished)
        return transition
      },
      (headSeq) => queueSteered(listQueuedTurns(this.#turn, finished), composeBatch(headSeq), headSeq),
    )
    this.#turn = finished
    return this.committed
  }

  #toDecisionStream(): RunningStreamForDecisions {
    const getTurn = (): TurnState => this.#turn
    const getIsFinishing = (): boolean => this.isFinishing
    return {
      committer: this.#committer,
      get turn() {
        return getTurn()
      },
      get isFinishing() {
        return getIsFinishing()
      },
      apply: (transition, idempotencyKey) => this.#applyTransition(transition, idempotencyKey),
      waitForHandover: async () => void (await this.#handover),
      waitForEnd: async () => void (await this.#finishResult),
    }
  }

  #release(): void {
    this.#abortController.abort()
    this.decisions.close()
  }
}
