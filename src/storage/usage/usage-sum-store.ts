import type { SessionRecord } from '../../model/session.ts'
import type { Usage } from '../../model/usage.ts'

/** By what usage is summed. SOURCE: the source of the session, which decides its channel. */
export type UsageDimension = 'MODEL' | 'JOB' | 'SOURCE' | 'SESSION'

/** What was used on one day by one model, job, source or session. */
export interface UsageSumRecord {
  /** Days since 1970-01-01, UTC. */
  readonly day: number
  /** The model, the id of the job or of the session, or the source. It need not exist any more. */
  readonly key: string
  /** How many streams ended on the day, without those that used nothing. */
  readonly answers: number
  readonly usage: Usage
}

export interface UsageSumQuery {
  readonly dimension: UsageDimension
  /** Both days are included. */
  readonly fromDay: number
  readonly toDay: number
  /** Only records after this one, in order of day and key. Null: from the first one on. */
  readonly after: Pick<UsageSumRecord, 'day' | 'key'> | null
  readonly limit: number
}

/**
 * The sums of what was used, kept per day: written in the transaction of what they count, and kept when that is deleted.
 * Copies and imported sessions do not count. What belongs to no job is in no sum of JOB.
 */
export interface UsageSumReader {
  /** A page in order of day and key: fewer than `limit` at the end. */
  listUsageSums(query: UsageSumQuery): Promise<UsageSumRecord[]>
  /** What streams of other processes that have not ended have used so far. None where a home belongs to one process. */
  listForeignRunningUsage(): Promise<Usage[]>
}

/** What a session of another program has used. */
export interface ForeignSessionUsage {
  readonly session: SessionRecord
  /** The job that it is a run of. */
  readonly jobId: string | null
  /** When it was used last, in epoch milliseconds: all of it counts then. */
  readonly at: number
  readonly answers: number
}

export interface ForeignUsageQuery {
  /** Both in epoch milliseconds; `to` is excluded. */
  readonly from: number
  readonly to: number
  /** What the page before has returned as `next`. */
  readonly after: string | null
}

export interface ForeignUsagePage {
  readonly sessions: readonly ForeignSessionUsage[]
  /** Null at the end. */
  readonly next: string | null
}

/** Reads what another program has counted of its sessions. */
export interface ForeignUsageReader {
  listSessionUsage(query: ForeignUsageQuery): Promise<ForeignUsagePage>
}

const millisPerDay = 86_400_000

/** The day of a time in epoch milliseconds: days since 1970-01-01, UTC. */
export function toUtcDay(at: number): number {
  return Math.floor(at / millisPerDay)
}

/** When a day begins, in epoch milliseconds. */
export function toUtcDayStart(day: number): number {
  return day * millisPerDay
}
