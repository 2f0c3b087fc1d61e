import DataLoader from 'dataloader'
import type { ApprovalRecord, ClarificationRecord } from '../../model/records.ts'
import type { Decisions } from './decision-service.ts'

/** What waits for a person in sessions, for one execution: one query a kind for a whole page of them. */
export class PendingLoader {
  readonly #approvals: DataLoader<string, readonly ApprovalRecord[]>
  readonly #clarifications: DataLoader<string, readonly ClarificationRecord[]>

  constructor(decisions: Decisions) {
    this.#approvals = new DataLoader((sessionIds) => decisions.pendingIn('approval', sessionIds))
    this.#clarifications = new DataLoader((sessionIds) => decisions.pendingIn('clarification', sessionIds))
  }

  /** The oldest first. */
  approvals(sessionId: string): Promise<readonly ApprovalRecord[]> {
    return this.#approvals.load(sessionId)
  }

  /** The oldest first. */
  clarifications(sessionId: string): Promise<readonly ClarificationRecord[]> {
    return this.#clarifications.load(sessionId)
  }
}
