import DataLoader from 'dataloader'
import type { ApprovalRecord, ClarificationRecord } from '../../model/decision.ts'
import type { DecisionService } from './decision-service.ts'

/** What waits for a person in sessions, for one execution: one query a kind for a whole page of them. */
export class PendingDecisionLoader {
  readonly #approvals: DataLoader<string, readonly ApprovalRecord[]>
  readonly #clarifications: DataLoader<string, readonly ClarificationRecord[]>

  constructor(decisions: DecisionService) {
    this.#approvals = new DataLoader((sessionIds) => decisions.findPendingBySession('approval', sessionIds))
    this.#clarifications = new DataLoader((sessionIds) => decisions.findPendingBySession('clarification', sessionIds))
  }

  /** The oldest first. */
  loadApprovals(sessionId: string): Promise<readonly ApprovalRecord[]> {
    return this.#approvals.load(sessionId)
  }

  /** The oldest first. */
  loadClarifications(sessionId: string): Promise<readonly ClarificationRecord[]> {
    return this.#clarifications.load(sessionId)
  }
}
