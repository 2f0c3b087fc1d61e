import DataLoader from 'dataloader'
import type { ApprovalRecord, ClarificationRecord } from '../../model/decision.ts'
import type { DecisionService } from './decision-service.ts'

/** Loads the pending decisions of sessions: one query per kind for all sessions of an execution. */
export class PendingDecisionLoader {
  readonly #approvals: DataLoader<string, readonly ApprovalRecord[]>
  readonly #clarifications: DataLoader<string, readonly ClarificationRecord[]>

  constructor(decisions: DecisionService) {
    this.#approvals = new DataLoader((sessionIds) => decisions.findPendingBySession('approval', sessionIds))
    this.#clarifications = new DataLoader((sessionIds) => decisions.findPendingBySession('clarification', sessionIds))
  }

  /** Oldest first. */
  loadApprovals(sessionId: string): Promise<readonly ApprovalRecord[]> {
    return this.#approvals.load(sessionId)
  }

  /** Oldest first. */
  loadClarifications(sessionId: string): Promise<readonly ClarificationRecord[]> {
    return this.#clarifications.load(sessionId)
  }
}
