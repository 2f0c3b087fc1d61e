import type { Usage } from '../../../src/model/usage.ts'

/** Whole days (UTC), to which the times are widened. */
export interface UsageQuery {
  /** Default: `default`. */
  readonly profile?: string
  /** Epoch milliseconds. Default: 30 days before `to`. */
  readonly from?: number
  /** Epoch milliseconds. Default: now. */
  readonly to?: number
  /** Default: MODEL. */
  readonly groupBy?: 'DAY' | 'MODEL' | 'JOB' | 'CHANNEL' | 'SESSION'
  /** How many groups there are at most; the others are one more. Default: 100. */
  readonly first?: number
}

/** What the answers of a group have used. */
export interface UsageSum {
  /** A day, a model, a channel, or the id of a job or a session. Null: the sum of all smaller groups. */
  readonly group: string | null
  readonly answers: number
  readonly usage: Usage
}
