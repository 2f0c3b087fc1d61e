import type { PermittedToolCall } from '../../agent/agent.ts'
import type { ToolQuestion, ToolQuestionAnswer } from '../../agent/tools/tool.ts'
import type { Logger } from '../../lib/logger.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { isJsonObject, type JsonObject, parseJson } from '../../lib/text/json.ts'
import { type ApprovalRecord, type ClarificationRecord, type DecisionRecord } from '../../model/decision.ts'
import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'
import type { ToolCall } from '../../model/message.ts'
import { parseToolArguments } from '../../model/tool-call.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { askDuringToolCall, resolveDecision } from '../turn/transitions.ts'
import type { ApprovalAnswer, DecisionResolution } from '../turn/tool-calls/tool-call-outcome.ts'
import type { TurnState, TurnTransition } from '../turn/turn.ts'
import { DecisionTimers } from './decision-timers.ts'
import { toApprovalRule } from '../log/to-approval-rule.ts'
import { ruleCoversApproval, type SessionApprovalRules } from './session-approval-rules.ts'
import { StreamCommitter } from './stream-committer.ts'

/** What the decisions of a stream need of it. */
export interface RunningStreamForDecisions {
  readonly committer: StreamCommitter
  readonly turn: TurnState
  /** Whether the stream has ended or is about to: nothing can be added to it. */
  readonly isFinishing: boolean
  /** The key is committed with the transition's events. */
  apply(transition: TurnTransition, idempotencyKey: IdempotencyKeyRecord | null): void
  /** Resolves once it is known whether an end that may still fail takes effect. */
  waitForHandover(): Promise<void>
  /** Resolves when the end is committed, if the stream is ending. */
  waitForEnd(): Promise<void>
}

export interface StreamDecisionsOptions {
  readonly stream: RunningStreamForDecisions
  readonly runtime: ClockAndIds
  readonly log: Logger
  readonly approvalRules: SessionApprovalRules
}

/** The approvals and clarifications that one running stream waits for. */
export class StreamDecisions {
  readonly #options: StreamDecisionsOptions
  readonly #stream: RunningStreamForDecisions
  readonly #timers: DecisionTimers
  /** The schemas of the arguments of calls that wait for approval, by part. */
  readonly #inputSchemas = new Map<number, JsonObject>()

  constructor(options: StreamDecisionsOptions) {
    this.#options = options
    this.#stream = options.stream
    this.#timers = new DecisionTimers((decisionId) => {
      this.resolve(decisionId, { type: 'expired' }).catch((error: unknown) =>
        options.log.error({ err: error, decision: decisionId }, 'The expiry of a decision could not be saved.'),
      )
    })
  }

  /** The JSON Schema of the arguments of the call that waits for a pending approval. */
  findInputSchema(approvalId: string): JsonObject | null {
    const approval = this.#stream.turn.pendingDecisions.get(approvalId)
    return (approval && this.#inputSchemas.get(approval.partIndex)) ?? null
  }

  setInputSchema(callId: string, inputSchema: JsonObject): void {
    const partIndex = this.#stream.turn.partIndexByCallId.get(callId)
    if (partIndex !== undefined) this.#inputSchemas.set(partIndex, inputSchema)
  }

  /**
   * Resolves a pending decision. Returns it once it is committed; then the agent continues. Returns null if the decision is
   * not pending: only the first of several resolutions counts, and its key is committed with it.
   */
  async resolve(
    decisionId: string,
    resolution: DecisionResolution,
    idempotencyKey: IdempotencyKeyRecord | null = null,
  ): Promise<DecisionRecord | null> {
    await this.#stream.waitForHandover()
    const decision = this.#apply(decisionId, resolution, idempotencyKey)
    // Another process may have sent the same call: its key can be found then.
    if (!decision && !idempotencyKey) return null
    await this.#stream.committer.flush()
    await this.#settle(decision ? [decision] : [])
    return decision
  }

  /**
   * Resolves a pending approval like `resolve`, together with all pending approvals of these streams that the decision
   * covers as well. All of it is one transaction, unless one of the streams cannot be committed: see
   * `StreamCommitter.commitTogether`. The covered calls run with their own arguments.
   */
  async resolveWithCovered(
    approvalId: string,
    answer: ApprovalAnswer,
    streams: readonly StreamDecisions[],
    idempotencyKey: IdempotencyKeyRecord | null = null,
  ): Promise<DecisionRecord | null> {
    const members = [...new Set([this, ...streams])]
    const settled = new Map<StreamDecisions, readonly DecisionRecord[]>()
    await StreamCommitter.commitTogether(
      members.map((member) => member.#stream.committer),
      () => {
        const decided = this.#apply(approvalId, answer, idempotencyKey)
        if (decided?.kind !== 'approval') return
        for (const member of members) settled.set(member, member.#applyCovered(decided))
        settled.set(this, [decided, ...(settled.get(this) ?? [])])
      },
    )
    for (const [member, decisions] of settled) {
      // The answer does not wait for the end of another stream that could not be committed, nor fail with it.
      if (member !== this) member.#settle(decisions).catch(() => undefined)
    }
    const own = settled.get(this)
    if (!own) return null
    await this.#settle(own)
    return own[0] ?? null
  }

  /** Waits until the call of an agent may run, see `AgentRun.waitForPermission`. */
  async waitForPermission(callId: string): Promise<PermittedToolCall | null> {
    const { turn, committer } = this.#stream
    const partIndex = turn.partIndexByCallId.get(callId)
    // Looked up before the commit: a decision that is resolved during the commit must still be waited for.
    const pending = turn.pendingDecisions.values().find((decision) => decision.partIndex === partIndex)
    await committer.flush()
    if (pending?.kind === 'approval') await this.#resolveIfAllowed(pending)
    if (pending) await this.#timers.wait(pending.id)
    if (this.#stream.isFinishing || partIndex === undefined) return null
    const part = this.#stream.turn.answer?.parts[partIndex]
    if (part?.type !== 'tool' || part.call.state !== 'RUNNING') return null
    return { changedArguments: part.call.approvalAnswer?.arguments ?? null }
  }

  /** Asks the user a question of a tool whose call runs, see `AgentRun.askUser`. */
  async askUser(callId: string, question: ToolQuestion, timeoutMs: number): Promise<ToolQuestionAnswer> {
    await this.#stream.waitForHandover()
    const { turn, isFinishing, committer } = this.#stream
    const { clarification, ...transition } = askDuringToolCall(turn, callId, question, { timeoutMs, ...this.#options })
    if (isFinishing || !clarification) return { type: 'cancelled' }
    this.#stream.apply(transition, null)
    const resolved = this.#timers.wait(clarification.id)
    await committer.flush()
    const decision = await resolved
    if (decision?.kind !== 'clarification') return { type: 'cancelled' }
    return toQuestionAnswer(decision)
  }

  /** Ends the waiting for questions of a call that has ended, once that is committed. */
  async settleCancelled({ events }: TurnTransition): Promise<void> {
    const cancelled = events.flatMap((event) =>
      'decision' in event && event.decision.state === 'CANCELLED' ? [event.decision] : [],
    )
    if (cancelled.length === 0) return
    await this.#stream.committer.flush()
    for (const decision of cancelled) this.#timers.resolve(decision)
  }

  /** Starts the timers of decisions that have become pending. */
  startTimers(before: TurnState, after: TurnState): void {
    for (const { id, expiresAt } of after.pendingDecisions.values()) {
      if (expiresAt !== null && !before.pendingDecisions.has(id))
        this.#timers.start(id, expiresAt - this.#options.runtime.now())
    }
  }

  /** Stops all waiting, because the stream has ended. */
  close(): void {
    this.#timers.cancelAll()
  }

  /** Resolves the pending approvals that a rule allows by now. */
  async resolveAllowed(): Promise<void> {
    for (const decision of [...this.#stream.turn.pendingDecisions.values()])
      if (decision.kind === 'approval') await this.#resolveIfAllowed(decision)
  }

  /** A tool may have been allowed between the look-up for a call and the commit of its approval. */
  async #resolveIfAllowed({ id, toolCall }: ApprovalRecord): Promise<void> {
    const rule = await this.#options.approvalRules.findRule(toolCall.name, readArguments(toolCall))
    if (rule) await this.resolve(id, toReleasingAnswer(rule))
  }

  /** Applies a resolution if the decision is pending, without committing it. */
  #apply(
    decisionId: string,
    resolution: DecisionResolution,
    idempotencyKey: IdempotencyKeyRecord | null,
  ): DecisionRecord | null {
    const { turn, isFinishing } = this.#stream
    if (isFinishing || !turn.pendingDecisions.has(decisionId)) return null
    const transition = resolveDecision(turn, decisionId, resolution, this.#options.runtime)
    this.#stream.apply(transition, idempotencyKey)
    return transition.events.flatMap((event) => ('decision' in event ? [event.decision] : []))[0] ?? null
  }

  #applyCovered(decided: ApprovalRecord): DecisionRecord[] {
    const rule = toApprovalRule(decided)
    if (rule === null) return []
    const covered = [...this.#stream.turn.pendingDecisions.values()].filter((waiting) =>
      ruleCoversApproval(rule, waiting, readArguments(waiting.toolCall)),
    )
    return covered.flatMap(({ id }) => this.#apply(id, toReleasingAnswer(rule), null) ?? [])
  }

  /** Lets the agent continue after these decisions, once they are committed. */
  async #settle(decisions: readonly DecisionRecord[]): Promise<void> {
    // If the stream is ending, the decisions are committed together with the end.
    if (this.#stream.isFinishing) await this.#stream.waitForEnd()
    for (const decision of decisions) this.#timers.resolve(decision)
  }
}

function toQuestionAnswer({ state, answer, form, declined }: ClarificationRecord): ToolQuestionAnswer {
  if (declined) return { type: 'declined' }
  if (state !== 'ANSWERED' || answer === null) return { type: 'cancelled' }
  const values = form ? parseJson(answer) : undefined
  return { type: 'answered', text: answer, values: isJsonObject(values) ? values : null }
}

/** Arguments that are not an object are those of no call that runs: they match no pattern. */
function readArguments(call: ToolCall): JsonObject {
  const value = parseToolArguments(call.argumentsText)
  return isJsonObject(value) ? value : {}
}

/** The answer that a rule gives to an approval. */
function toReleasingAnswer({ sessionId, approvalId }: ApprovalRuleRecord): ApprovalAnswer {
  const decision = sessionId === null ? 'ALWAYS' : 'SESSION'
  return { type: 'decided', decision, ...(approvalId !== null && { releasedBy: approvalId }) }
}
