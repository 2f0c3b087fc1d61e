import type { Approval, Clarification } from '../model/decision.ts'
import type { SegueError } from '../segue-error.ts'
import type { SnapshotSource } from './snapshot-store.ts'

export interface PendingDecisionsSnapshot {
  /** Oldest first. */
  readonly approvals: readonly Approval[]
  /** Oldest first. */
  readonly clarifications: readonly Clarification[]
  /** What waits was not read yet. */
  readonly isLoading: boolean
  /** Why the list has ended: the server refuses it. */
  readonly error: SegueError | null
}

/**
 * Everything in a profile that waits for a person. What is answered anywhere, expires or is cancelled leaves it, also if
 * that happened while the connection was lost. It starts with the first subscriber (or iteration) and stops when the last
 * one leaves.
 */
export interface PendingDecisions
  extends SnapshotSource<PendingDecisionsSnapshot>, AsyncIterable<PendingDecisionsSnapshot> {}
