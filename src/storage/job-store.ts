import type { JobRecord, JobRunRecord, SegueJob } from '../model/job.ts'
import type { Origin } from '../model/session.ts'
import type { PageRequest } from '../lib/pagination.ts'

/** Jobs and their runs, whoever keeps them. Every method answers with what there is. */
export interface JobReader {
  readonly origin: Origin
  /** All jobs, the oldest first. */
  listJobs(): Promise<readonly JobRecord[]>
  findJob(id: string): Promise<JobRecord | null>
  /** A page of a job's runs, the newest first, by position. At most 1,001 a call. */
  listRuns(jobId: string, page: PageRequest<number>): Promise<readonly JobRunRecord[]>
  findRun(id: string): Promise<JobRunRecord | null>
}

/** One step of a job: all of it is kept, or nothing. */
export interface JobCommit {
  /** The job as it is after this write. Its revision is 1 when it is new, and else one more than what is stored. */
  readonly job: SegueJob
  /** A run that begins or ends with it. */
  readonly run?: JobRunRecord
}

/** A job, and its run that has not ended; null when there is none. */
export interface JobWithRunningRun {
  readonly job: SegueJob
  readonly runningRun: JobRunRecord | null
}

/** A run and when it changed, counted over all runs: a reader's cursor. */
export interface ChangedRun {
  readonly changeSeq: number
  readonly run: JobRunRecord
}

/** The jobs that are kept here. */
export interface JobStore extends JobReader {
  listJobs(): Promise<readonly SegueJob[]>
  findJob(id: string): Promise<SegueJob | null>
  /** Jobs that the clock has to look at by now, the most overdue first. At most 100 a call. */
  listDueJobs(now: number): Promise<readonly SegueJob[]>
  /** When the clock has to look at a job next; null when it need not. */
  findNextDueAt(): Promise<number | null>
  /** A job and its active run, as of one moment. */
  findJobWithRunningRun(jobId: string): Promise<JobWithRunningRun | null>
  /** All that are under way. Costs what they are many, not what the database is large. */
  listRunningRuns(): Promise<readonly JobRunRecord[]>
  /** Whether a due time has had its run. */
  hasRunFor(jobId: string, scheduledFor: number): Promise<boolean>
  /** Throws `JobConflict`, and an error of the database for a second run of a due time, or of a job that runs. */
  commit(write: JobCommit): Promise<void>
  /** Removes a job with its runs. False when there was none. */
  delete(id: string): Promise<boolean>
  /** Runs that changed after a change, in order, each once and as it is now. At most 1,000 a call. */
  listChangedRuns(range: ChangedRunRange): Promise<readonly ChangedRun[]>
  loadLatestChangeSeq(): Promise<number>
}

export interface ChangedRunRange {
  readonly after: number
  readonly limit: number
  /** Null: the runs of all jobs. */
  readonly jobId: string | null
}
