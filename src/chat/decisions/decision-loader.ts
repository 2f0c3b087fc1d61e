import DataLoader from 'dataloader'
import { parseIdKind } from '../../lib/ids.ts'
import type { ApprovalRecord, ClarificationRecord, DecisionRecord } from '../../model/decision.ts'
import type { DecisionService } from './decision-service.ts'

/** Loads decisions during one execution: one query for all decisions, tool calls, or sessions that a page asks for. */
export class DecisionLoader {
  readonly #decisions: DataLoader<string, DecisionRecord | null>
  readonly #decisionsOfToolCalls: DataLoader<string, readonly DecisionRecord[]>
  readonly #pendingApprovals: DataLoader<string, readonly ApprovalRecord[]>
  readonly #pendingClarifications: DataLoader<string, readonly ClarificationRecord[]>

  constructor(decisions: DecisionService) {
    this.#decisions = new DataLoader((ids) => decisions.findMany(ids))
    this.#decisionsOfToolCalls = new DataLoader((toolCallIds) => decisions.findByToolCall(toolCallIds))
    this.#pendingApprovals = new DataLoader((sessionIds) => decisions.findPendingBySession('approval', sessionIds))
    this.#pendingClarifications = new DataLoader((ids) => decisions.findPendingBySession('clarification', ids))
  }

  async loadApproval(id: string): Promise<ApprovalRecord | null> {
    const decision = await this.#decisions.load(id)
    return decision?.kind === 'approval' ? decision : null
  }

  async loadClarification(id: string): Promise<ClarificationRecord | null> {
    const decision = await this.#decisions.load(id)
    return decision?.kind === 'clarification' ? decision : null
  }

  /** The newest approval of a tool call. */
  async loadApprovalOfToolCall(toolCallId: string): Promise<ApprovalRecord | null> {
    const decisions = await this.#loadByToolCall(toolCallId)
    return decisions.findLast((decision) => decision.kind === 'approval') ?? null
  }

  /** The newest question of a tool call. */
  async loadClarificationOfToolCall(toolCallId: string): Promise<ClarificationRecord | null> {
    const decisions = await this.#loadByToolCall(toolCallId)
    return decisions.findLast((decision) => decision.kind === 'clarification') ?? null
  }

  /** Oldest first. */
  loadPendingApprovals(sessionId: string): Promise<readonly ApprovalRecord[]> {
    return this.#pendingApprovals.load(sessionId)
  }

  /** Oldest first. */
  loadPendingClarifications(sessionId: string): Promise<readonly ClarificationRecord[]> {
    return this.#pendingClarifications.load(sessionId)
  }

  /** Oldest first. Calls of Hermes have none. */
  async #loadByToolCall(toolCallId: string): Promise<readonly DecisionRecord[]> {
    return parseIdKind(toolCallId) === 'toolCall' ? this.#decisionsOfToolCalls.load(toolCallId) : []
  }
}
