import type { DecisionRecord } from '../model/records.ts'

export interface DecisionsRequest {
  readonly kind: DecisionRecord['kind']
  /** Only those in one of these sessions. */
  readonly sessionIds?: readonly string[]
  /** Only those that wait, or only those that do not. */
  readonly pending?: boolean
  /** Only those that changed after the change with this number; 0 for all. */
  readonly after?: number
  /** How many at most. */
  readonly limit: number
  /** Of more than `limit`, those that changed last. */
  readonly newest?: boolean
}

export interface NumberedDecision {
  /** The number of its newest change, over all decisions of a profile. */
  readonly change: number
  readonly decision: DecisionRecord
}

/** What waits for a person or did, and what need not be asked any more. Written with the log that tells of it. */
export interface DecisionStore {
  decision(id: string): Promise<DecisionRecord | null>
  /** In the order in which they last changed. */
  decisions(which: DecisionsRequest): Promise<NumberedDecision[]>
  /** The number of the newest change; 0 when there is none. */
  newestChange(): Promise<number>
  /** Whether a tool need not ask in a session. */
  isGranted(tool: string, sessionId: string): Promise<boolean>
  /** The tools that need not ask anywhere in the profile, by name. */
  profileGrants(): Promise<string[]>
  /** Has a tool ask again, everywhere. */
  revokeGrants(tool: string): Promise<void>
}
