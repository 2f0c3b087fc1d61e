import { setTimeout as delay } from 'node:timers/promises'
import type { ModelMessage } from 'ai'
import { type Agent, AgentError, type AgentEvent } from '../../agent/agent.ts'
import { SegueError } from '../../lib/errors.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { getDeltaText, canCoalesce, isDeltaDraft, replaceDeltaText } from '../../model/delta.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { foldMessage } from '../../model/fold-message.ts'
import type { EventDraft } from '../../model/chat-event.ts'
import { type Transition, type TurnState } from '../turn/turn.ts'
import { applyAgentEvent, finishTurn, resolveDecision } from '../turn/commands.ts'
import type { AppendBatch, LogWriter } from '../log/log-writer.ts'
import type { DecisionResolution } from '../turn/tool-call-outcome.ts'
import type { StreamEnding } from '../turn/stream-ending.ts'
import { DecisionTimers } from './decision-timers.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import type { Logger } from '../../lib/logger.ts'
import { VersionConflictError, FencingError } from '../../storage/errors.ts'

/** What came in is committed at the latest after this time, this many deltas or this much text; at once when idle. */
const groupCommitLimits = { milliseconds: 20, deltas: 32, codeUnits: 8192 }
/** The most text that one commit holds, in code units: a larger one would hold up everybody else. */
const maxCommitCodeUnits = 262_144
/** How long an agent that never waits for anything may go on before everybody else has a turn. */
const yieldIntervalMs = 10 // milliseconds
/** How long to wait before an end that could not be committed, as on a full disk, is tried again. */
const finishRetryDelayMs = 500 // milliseconds

export interface StreamRunnerOptions {
  readonly writer: LogWriter
  readonly runtime: Runtime
  /** The turn as its committed events left it. */
  readonly turn: TurnState
  /** What the model is sent, with the answer as far as it is. */
  readonly loadModelMessages: (answer: MessageRecord | null) => Promise<readonly ModelMessage[]>
  /** Whether a person has said before that a tool need not ask. */
  readonly isToolGranted: (tool: string) => Promise<boolean>
  readonly log: Logger
  /** Called with each thing that an agent did after the stream had ended for it. */
  readonly onLateEvent: () => void
}

export interface CommittedState {
  readonly stream: StreamRecord
  readonly answer: MessageRecord | null
}

/**
 * An answer being made: takes in what the agent does, commits it in groups, ends it once. What is outside sees `saved`,
 * the fold of what has been committed, never what is on its way.
 */
export class StreamRunner {
  readonly #options: StreamRunnerOptions
  readonly #abortController = new AbortController()
  #turn: TurnState
  #committed: CommittedState
  #pendingEvents: EventDraft[] = []
  #pendingCodeUnits = 0
  #lastCommit: Promise<void> = Promise.resolve()
  #lastCommitAtMs = Number.NEGATIVE_INFINITY
  #commitTimer: NodeJS.Timeout | null = null
  #finishResult: Promise<CommittedState> | null = null
  #hasCommittedExtraBatch = false
  /** What the agent waits for because a person has to decide. */
  readonly #decisionTimers = new DecisionTimers((decisionId) => {
    this.resolveDecision(decisionId, { type: 'expired' }).catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'The expiry of a decision could not be saved.'),
    )
  })

  constructor(options: StreamRunnerOptions) {
    this.#options = options
    this.#turn = options.turn
    this.#committed = { stream: options.turn.stream, answer: options.turn.answer }
  }

  /** The stream and its message as of the newest committed event. */
  get committed(): CommittedState {
    return this.#committed
  }

  /** Its end has begun: nothing can be added to it any more. */
  get isFinishing(): boolean {
    return this.#finishResult !== null
  }

  /** How many tokens the model took in and gave out in the newest step that has ended; null before that. */
  get contextTokens(): number | null {
    const { lastStepUsage } = this.#turn
    return lastStepUsage && lastStepUsage.inputTokens + lastStepUsage.outputTokens
  }

  /** What was to go along with its end was committed with it. */
  get hasCommittedExtraBatch(): boolean {
    return this.#hasCommittedExtraBatch
  }

  /** Lets the agent answer until it is done, it fails, or somebody else has ended the stream. */
  async run(agent: Agent, model: string): Promise<void> {
    const ended = Promise.withResolvers<void>()
    this.#abortController.signal.addEventListener('abort', () => ended.resolve())
    // An agent may ignore its signal: then it goes on by itself and is refused, and nobody waits for it.
    await Promise.race([this.#consumeAgentEvents(agent, model), ended.promise])
    await this.#finishResult
  }

  /**
   * Ends the stream: fences first and aborts second. What has come in so far is committed together with the end, and so
   * is what `more` composes. Only the first ending counts, with its `more`; every call resolves to what was saved.
   */
  finish(ending: StreamEnding, composeExtraBatch?: (head: number) => AppendBatch): Promise<CommittedState> {
    this.#finishResult ??= this.#commitEnding(ending, composeExtraBatch)
    return this.#finishResult
  }

  /**
   * A person has decided, or time has: resolves to the decision once that is saved, and the agent goes on. Null when
   * nothing waits here under this id any more: of several resolutions of one decision only the first counts.
   */
  async resolveDecision(decisionId: string, resolution: DecisionResolution): Promise<DecisionRecord | null> {
    if (this.isFinishing || !this.#turn.pendingDecisions.has(decisionId)) return null
    const transition = resolveDecision(this.#turn, decisionId, resolution, this.#options.runtime)
    this.#applyTransition(transition)
    await this.#commitPending()
    // What could not be committed by itself, or came too late for that, is saved together with the end.
    if (this.isFinishing) await this.#finishResult
    this.#decisionTimers.cancel(decisionId)
    return transition.events.flatMap((event) => ('decision' in event ? [event.decision] : []))[0] ?? null
  }

  async #consumeAgentEvents(agent: Agent, model: string): Promise<void> {
    try {
      const events = agent.answer({
        model,
        history: () => this.#loadModelMessages(),
        waitForPermission: (callId) => this.#waitForPermission(callId),
        isToolGranted: this.#options.isToolGranted,
        signal: this.#abortController.signal,
      })
      let lastYieldAt = performance.now()
      for await (const event of events) {
        this.#applyAgentEvent(event)
        // A commit that takes long slows the agent down, not the memory up.
        if (this.#pendingCodeUnits > maxCommitCodeUnits) await this.#commitPending()
        if (performance.now() - lastYieldAt < yieldIntervalMs) continue
        await yieldToEventLoop()
        lastYieldAt = performance.now()
      }
      await this.finish({ status: 'COMPLETED' })
    } catch (error) {
      if (this.isFinishing) return
      await this.finish({ status: 'FAILED', error: this.#toStreamError(error) })
    }
  }

  #toStreamError(error: unknown): { code: AgentError['code']; message: string } {
    if (error instanceof AgentError) return { code: error.code, message: error.message }
    this.#options.log.error({ err: error }, 'An agent failed with an unexpected error.')
    return { code: 'PROVIDER', message: 'The agent failed for a reason of its own. The log of the server tells more.' }
  }

  async #loadModelMessages(): Promise<readonly ModelMessage[]> {
    await this.#commitPending()
    return this.#options.loadModelMessages(this.#turn.answer)
  }

  async #waitForPermission(callId: string): Promise<boolean> {
    const partIndex = this.#turn.partIndexByCallId.get(callId)
    // Looked for before anything is waited for: one that is answered from now on is waited for until that is saved.
    const pendingDecision = [...this.#turn.pendingDecisions.values()].find(
      (decision) => decision.partIndex === partIndex,
    )
    await this.#commitPending()
    if (pendingDecision) await this.#decisionTimers.wait(pendingDecision.id)
    if (this.isFinishing || partIndex === undefined) return false
    const part = this.#turn.answer?.parts[partIndex]
    return part?.type === 'tool' && part.call.state === 'RUNNING'
  }

  #applyAgentEvent(event: AgentEvent): void {
    if (this.isFinishing) this.#options.onLateEvent()
    else this.#applyTransition(applyAgentEvent(this.#turn, event, this.#options.runtime))
  }

  #applyTransition({ turn, events }: Transition): void {
    for (const { id, expiresAt } of turn.pendingDecisions.values()) {
      if (expiresAt !== null && !this.#turn.pendingDecisions.has(id))
        this.#decisionTimers.start(id, expiresAt - this.#options.runtime.now())
    }
    this.#turn = turn
    for (const draft of events) this.#enqueueEvent(draft)
    this.#scheduleCommit()
  }

  /** Keeps an event for the next commit, as one with the one before where it goes on with its text. */
  #enqueueEvent(draft: EventDraft): void {
    const last = this.#pendingEvents.at(-1)
    if (last && isDeltaDraft(last) && isDeltaDraft(draft) && canCoalesce(last, draft)) {
      this.#pendingEvents[this.#pendingEvents.length - 1] = replaceDeltaText(
        last,
        getDeltaText(last) + getDeltaText(draft),
      )
    } else {
      this.#pendingEvents.push(draft)
    }
    this.#pendingCodeUnits += countDeltaCodeUnits(draft)
  }

  /** Sees to it that what is pending is committed in time. */
  #scheduleCommit(): void {
    if (this.#pendingEvents.length === 0) return
    const { milliseconds, deltas, codeUnits } = groupCommitLimits
    const now = performance.now()
    const full = this.#pendingEvents.length >= deltas || this.#pendingCodeUnits >= codeUnits
    if (full || now - this.#lastCommitAtMs >= milliseconds) void this.#commitPending()
    else this.#commitTimer ??= setTimeout(() => void this.#commitPending(), milliseconds - (now - this.#lastCommitAtMs))
  }

  /** Commits what is pending, after the commits before it. One that fails ends the stream: its text is kept for the end. */
  #commitPending(): Promise<void> {
    this.#lastCommit = this.#lastCommit.then(async () => {
      try {
        while (this.#pendingEvents.length > 0 && !this.isFinishing) await this.#writeBatch()
      } catch (error) {
        this.#options.log.error({ err: error }, 'Events could not be saved. The stream ends as FAILED.')
        void this.finish({ status: 'FAILED', error: { code: 'PROVIDER', message: 'The answer could not be saved.' } })
      }
    })
    return this.#lastCommit
  }

  async #commitEnding(
    ending: StreamEnding,
    composeExtraBatch?: (head: number) => AppendBatch,
  ): Promise<CommittedState> {
    // From here on `ending` is true: what the agent does from now on is refused. A commit under way goes first.
    await this.#lastCommit
    try {
      for (;;) {
        try {
          while (this.#pendingCodeUnits > maxCommitCodeUnits) await this.#writeBatch()
          return await this.#writeEnding(ending, composeExtraBatch)
        } catch (error) {
          // Somebody else has ended it: there is nothing left to save.
          if (isAlreadyEnded(error)) throw error
          this.#options.log.error({ err: error }, 'The end of a stream could not be saved. Retrying.')
          this.#abortController.abort()
          // Whoever sent something along tries by itself, and is told what is wrong.
          composeExtraBatch = undefined
        }
        await delay(finishRetryDelayMs, undefined, { ref: false })
      }
    } finally {
      this.#abortController.abort()
      this.#decisionTimers.cancelAll()
    }
  }

  /** One transaction of what is pending, as much of it as one may hold. */
  async #writeBatch(): Promise<void> {
    const drafts = this.#takePending(maxCommitCodeUnits)
    const { stream } = this.#turn
    await this.#write(drafts, stream, () => ({ drafts, streams: [stream] }))
    if (this.#pendingEvents.length > 0) await yieldToEventLoop()
  }

  /** One transaction of what is pending, the terminal event, the message's row, and what is to go along. */
  async #writeEnding(
    ending: StreamEnding,
    composeExtraBatch?: (headSeq: number) => AppendBatch,
  ): Promise<CommittedState> {
    const pending = this.#takePending(Number.POSITIVE_INFINITY)
    const { turn, events } = finishTurn(this.#turn, ending, this.#options.runtime, this.#committed.answer)
    const { answer, stream } = turn
    await this.#write(pending, stream, (headSeq) => {
      const drafts = [...pending, ...events]
      const extraBatch = composeExtraBatch?.(headSeq + drafts.length)
      return {
        ...(answer && stream.finishedAt !== null && { activityAt: stream.finishedAt }),
        ...extraBatch,
        drafts: [...drafts, ...(extraBatch?.drafts ?? [])],
        streams: [stream, ...(extraBatch?.streams ?? [])],
        messages: [...(answer ? [answer] : []), ...(extraBatch?.messages ?? [])],
      }
    })
    this.#turn = turn
    this.#hasCommittedExtraBatch = composeExtraBatch !== undefined
    return this.#committed
  }

  /** What cannot be committed is pending again. What is, belongs to what is saved, and `stream` is its row then. */
  async #write(
    drafts: readonly EventDraft[],
    stream: StreamRecord,
    compose: (head: number) => AppendBatch,
  ): Promise<void> {
    const { id, generation, lastSeq } = this.#committed.stream
    try {
      const fence = { streamId: id, generation }
      await this.#options.writer.write(
        (head) => ({ ...compose(head), fence }),
        ({ events }) => {
          const streamEvents = events.filter((event) => event.streamId === id)
          const { answerBase } = this.#turn
          this.#committed = {
            answer: streamEvents.reduce(
              (message, event) => foldMessage(answerBase, message, event),
              this.#committed.answer,
            ),
            stream: { ...stream, lastSeq: streamEvents.at(-1)?.seq ?? lastSeq },
          }
          this.#lastCommitAtMs = performance.now()
        },
      )
    } catch (error) {
      this.#setPending([...drafts, ...this.#pendingEvents])
      throw error
    }
  }

  /** Pending events up to about so much text, at least one. */
  #takePending(maxCodeUnits: number): EventDraft[] {
    let count = 0
    for (let codeUnits = 0; count < this.#pendingEvents.length && codeUnits < maxCodeUnits; count += 1) {
      const draft = this.#pendingEvents[count]
      if (draft) codeUnits += countDeltaCodeUnits(draft)
    }
    const taken = this.#pendingEvents.slice(0, count)
    this.#setPending(this.#pendingEvents.slice(count))
    return taken
  }

  #setPending(drafts: EventDraft[]): void {
    this.#pendingEvents = drafts
    this.#pendingCodeUnits = drafts.reduce((units, draft) => units + countDeltaCodeUnits(draft), 0)
    if (this.#commitTimer) clearTimeout(this.#commitTimer)
    this.#commitTimer = null
  }
}

/** Somebody else has ended the stream, or removed its session. */
function isAlreadyEnded(error: unknown): boolean {
  if (error instanceof SegueError) return error.code === 'NOT_FOUND'
  return error instanceof FencingError || error instanceof VersionConflictError
}

function countDeltaCodeUnits(draft: EventDraft): number {
  return isDeltaDraft(draft) ? getDeltaText(draft).length : 0
}
