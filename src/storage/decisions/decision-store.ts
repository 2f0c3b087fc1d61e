import type { DecisionRecord } from '../../model/decision.ts'

export interface DecisionQuery {
  readonly kind: DecisionRecord['kind']
  /** Only those in one of these sessions. */
  readonly sessionIds?: readonly string[]
  /** Only pending ones, or only the others. */
  readonly isPending?: boolean
  /** Only those that changed after the change with this number; 0, the default, for all. */
  readonly afterChangeSeq?: number
  /** At most 1,001. */
  readonly limit: number
  /** If there are more than `limit`, those that changed last. */
  readonly preferLatest?: boolean
}

export interface ResolvedDecisionQuery {
  readonly kind: DecisionRecord['kind']
  /** Only those that were resolved after this time, in epoch milliseconds. */
  readonly resolvedAfter: number
  /** The newest ones count, at most 1,000. */
  readonly limit: number
}

export interface ChangedDecision {
  /** The number of its latest change, counted over all decisions of the profile. */
  readonly changeSeq: number
  readonly decision: DecisionRecord
}

/** Approvals and clarifications. `EventWriter.append` writes them. */
export interface DecisionStore {
  findDecision(id: string): Promise<DecisionRecord | null>
  /** By id, in no order. Any number of ids; unknown ones are left out. */
  findDecisions(ids: readonly string[]): Promise<DecisionRecord[]>
  /** All decisions about these tool calls, in no order. Any number of ids. */
  findDecisionsOfToolCalls(toolCallIds: readonly string[]): Promise<DecisionRecord[]>
  /** In the order of their latest changes. */
  listDecisions(query: DecisionQuery): Promise<ChangedDecision[]>
  /** Those that were resolved lately, in the order of their latest changes. */
  listResolvedDecisions(query: ResolvedDecisionQuery): Promise<ChangedDecision[]>
  /** The number of the latest change; 0 before the first. Numbers are never used again. */
  loadLatestChangeSeq(): Promise<number>
}
