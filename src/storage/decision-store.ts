import type { DecisionRecord } from '../model/decision.ts'

export interface DecisionQuery {
  readonly kind: DecisionRecord['kind']
  /** Only those in one of these sessions. */
  readonly sessionIds?: readonly string[]
  /** Only those that wait, or only those that do not. */
  readonly isPending?: boolean
  /** Only those that changed after the change with this number; 0 for all. */
  readonly afterChangeSeq?: number
  /** How many at most. */
  readonly limit: number
  /** Of more than `limit`, those that changed last. */
  readonly preferLatest?: boolean
}

export interface ChangedDecision {
  /** The number of its newest change, over all decisions of a profile. */
  readonly changeSeq: number
  readonly decision: DecisionRecord
}

/** What waits for a person or did, and what need not be asked any more. Written with the log that tells of it. */
export interface DecisionStore {
  findDecision(id: string): Promise<DecisionRecord | null>
  /** In the order in which they last changed. */
  listDecisions(query: DecisionQuery): Promise<ChangedDecision[]>
  /** The number of the newest change; 0 when there is none. */
  loadLatestChangeSeq(): Promise<number>
  /** Whether a tool need not ask in a session. */
  isGranted(tool: string, sessionId: string): Promise<boolean>
  /** The tools that need not ask anywhere in the profile, by name. */
  listProfileGrants(): Promise<string[]>
  /** Has a tool ask again, everywhere. */
  revokeGrants(tool: string): Promise<void>
}
