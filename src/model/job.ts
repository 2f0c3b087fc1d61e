import type { Origin } from './session.ts'
import type { Budget, Usage } from './usage.ts'

/**
 * - SCHEDULED: waits for its next due time.
 * - PAUSED: is disabled.
 * - RUNNING: a run is in progress.
 * - COMPLETED: has no further due time, has reached its repeat limit, or was removed by Hermes.
 * - ERROR: its schedule is not valid any more.
 */
export type JobState = 'SCHEDULED' | 'PAUSED' | 'RUNNING' | 'COMPLETED' | 'ERROR'

export type JobTrigger = 'SCHEDULE' | 'MANUAL'

/** A scheduled job. Times are in epoch milliseconds. */
export interface JobRecord {
  readonly id: string
  readonly origin: Origin
  readonly profile: string
  readonly name: string
  readonly prompt: string
  /** A cron expression, `every 30m`, `in 2h`, or a time as in RFC 3339. */
  readonly schedule: string
  readonly timezone: string
  /** The time from which `every` and `in` count. */
  readonly anchor: number
  readonly recurring: boolean
  /** Null: the profile's default. */
  readonly model: string | null
  /** The instructions of its sessions. Null or left out: those of the profile. */
  readonly instructions?: string | null
  /** The effort of its answers. Null or left out: the model's own default. */
  readonly effort?: string | null
  /** What each of its runs may use. Null or left out: no limit of its own. */
  readonly budget?: Budget | null
  readonly enabled: boolean
  readonly state: JobState
  /**
   * Why the schedule is not valid; null if it is. It is set in the state ERROR, and in RUNNING while a manual run hides
   * that state.
   */
  readonly scheduleError: string | null
  /** What triggered the run in progress; null if there is none. */
  readonly runningTrigger: JobTrigger | null
  /** The maximum number of scheduled runs; null for no limit. */
  readonly repeatLimit: number | null
  /** The number of scheduled runs that have ended, in whatever status. */
  readonly completedRuns: number
  /** The number of due times that were skipped. */
  readonly skippedRuns: number
  /** The next due time; null if the job is paused, completed or in error. */
  readonly nextRunAt: number | null
  readonly createdAt: number
}

/** A job in Segue's own database. */
export interface SegueJob extends JobRecord {
  readonly origin: 'SEGUE'
  /** All due times up to this one have been handled: they were run or skipped, or precede the job. */
  readonly processedUntil: number
  /** The number of runs that were ever started. */
  readonly runCount: number
  /** Incremented by each write, which names the revision that it has read (optimistic concurrency). */
  readonly revision: number
}

/** INTERRUPTED: the process that ran the job, the server or Hermes, stopped during the run. */
export type JobRunStatus = 'RUNNING' | 'OK' | 'ERROR' | 'CANCELLED' | 'INTERRUPTED'

/** A run of a job. Times are in epoch milliseconds. */
export interface JobRunRecord {
  readonly id: string
  readonly jobId: string
  /** The order among the job's runs: unique and ascending. */
  readonly position: number
  readonly trigger: JobTrigger
  readonly status: JobRunStatus
  /** The due time of the run; null for a manual run, and if it is unknown. */
  readonly scheduledFor: number | null
  readonly startedAt: number
  readonly finishedAt: number | null
  /** The agent's final text, or as much of it as was produced. */
  readonly output: string | null
  readonly error: string | null
  /** The session of the run's chat. It may not exist yet, or may have been deleted. */
  readonly sessionId: string | null
  /**
   * The tokens that the run has used, as far as they are known; without those of what a person said in its session later.
   * Null if nothing is known.
   */
  readonly usage: Usage | null
}
