import type { Origin } from './session.ts'

/** The records of scheduled jobs and their runs. All times are milliseconds since the epoch. */

/**
 * SCHEDULED: it waits for its next due time. PAUSED: it would, if it were enabled. RUNNING: a run of it is under way.
 * COMPLETED: no due time comes any more, or its repetitions are used up. ERROR: its schedule can no longer be understood.
 */
export type JobState = 'SCHEDULED' | 'PAUSED' | 'RUNNING' | 'COMPLETED' | 'ERROR'

export type JobTrigger = 'SCHEDULE' | 'MANUAL'

export interface JobRecord {
  readonly id: string
  readonly origin: Origin
  readonly profile: string
  readonly name: string
  readonly prompt: string
  /** A cron expression, `every 30m`, `in 2h`, or a time as in RFC 3339. */
  readonly schedule: string
  readonly timezone: string
  /** What `every` and `in` count from. */
  readonly anchor: number
  readonly recurring: boolean
  /** Null: the profile's default. */
  readonly model: string | null
  readonly enabled: boolean
  readonly state: JobState
  /** What is wrong with the schedule; null unless the state is ERROR, or a run by hand hides that it is. */
  readonly scheduleError: string | null
  /** What set off the run that is under way; null when none is. */
  readonly runningTrigger: JobTrigger | null
  /** How many runs the schedule makes; null for no end. */
  readonly repeatLimit: number | null
  /** Runs of the schedule that have come to an end, whichever. */
  readonly completedRuns: number
  /** Due times without a run of their own. */
  readonly skippedRuns: number
  /** When the schedule comes next; null when it is paused, completed or in error. */
  readonly nextRunAt: number | null
  readonly createdAt: number
}

/** A job that is kept here. */
export interface SegueJob extends JobRecord {
  readonly origin: 'SEGUE'
  /** Each due time up to this one has had its run, was skipped, or came before the job was to look at it. */
  readonly processedUntil: number
  /** How many runs were ever begun. */
  readonly runCount: number
  /** Counts what was written: a writer names the revision that it has seen. */
  readonly revision: number
}

/** INTERRUPTED: the server stopped meanwhile. */
export type JobRunStatus = 'RUNNING' | 'OK' | 'ERROR' | 'CANCELLED' | 'INTERRUPTED'

export interface JobRunRecord {
  readonly id: string
  readonly jobId: string
  /** Where it stands among its job's runs: unique there, ascending. */
  readonly position: number
  readonly trigger: JobTrigger
  readonly status: JobRunStatus
  /** The due time that it is for; null for a run by hand, and where nobody knows. */
  readonly scheduledFor: number | null
  readonly startedAt: number
  readonly finishedAt: number | null
  /** The agent's final text, as far as it came. */
  readonly output: string | null
  readonly error: string | null
  /** The session that the run is held in; it may not be there yet, or no more. */
  readonly sessionId: string | null
}
