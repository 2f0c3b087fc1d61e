import type { JobRecord, JobRunRecord, SegueJob } from '../model/job.ts'
import type { Origin } from '../model/session.ts'
import type { IdempotencyKeyRecord } from './idempotency-key.ts'
import type { PageRequest } from '../lib/pagination.ts'

/** Reads the jobs of one origin and their runs. */
export interface JobReader {
  readonly origin: Origin
  /** All jobs, oldest first. */
  listJobs(): Promise<readonly JobRecord[]>
  findJob(id: string): Promise<JobRecord | null>
  /** A page of a job's runs, newest first, by position. At most 1,001. */
  listRuns(jobId: string, page: PageRequest<number>): Promise<readonly JobRunRecord[]>
  findRun(id: string): Promise<JobRunRecord | null>
}

/** The runs of one origin that begin and end. A run that can no longer be read is left out. */
export interface JobRunChanges {
  /** The number of the latest change; 0 before the first. Numbers are never used again. */
  loadLatestChangeSeq(): Promise<number>
  /**
   * All runs that have not ended. The cost depends on their number, not on the size of the database. Null: they cannot be
   * read now, and a change is announced when that is over.
   */
  listRunningRuns(): Promise<readonly ChangedJobRun[] | null>
  /** Runs that changed after a change, in that order, each once and as it is now. At most 1,000. */
  listChangedRuns(range: ChangedJobRunRange): Promise<readonly ChangedJobRun[]>
  /** Runs that finished lately, in the order of their latest changes. Null as for `listRunningRuns`. */
  listFinishedRuns(query: FinishedJobRunQuery): Promise<readonly ChangedJobRun[] | null>
}

/** Changes that another program makes, and that are noticed only while somebody watches. */
export interface WatchableJobRunChanges extends JobRunChanges {
  /** Calls `onChange` when `listChangedRuns` may have more, until the result is disposed of. */
  watch(onChange: () => void): Disposable
}

/** The jobs of another program. */
export interface ForeignJobReader extends JobReader {
  readonly runChanges: WatchableJobRunChanges
}

/** One change of a job, written in one transaction. */
export interface JobCommit {
  /** The job after the change. Its revision is 1 if it is new, otherwise one more than the stored one. */
  readonly job: SegueJob
  /** With a new job: how many the profile may have with it. Default: any number. */
  readonly maxJobs?: number
  /** The run that starts or ends. */
  readonly run?: JobRunRecord
  /**
   * With a run that starts: how many may be in progress with it, over all profiles and processes. Ignored where a home belongs
   * to one process, which counts them itself. Default: any number.
   */
  readonly maxRunningRuns?: number
  /** The key of the call that makes the change. */
  readonly idempotencyKey?: IdempotencyKeyRecord | null
}

/** A job, and its run that has not ended; null when there is none. */
export interface JobWithRunningRun {
  readonly job: SegueJob
  readonly runningRun: JobRunRecord | null
}

/** A run and the number of its latest change, counted over all runs of the profile. */
export interface ChangedJobRun {
  readonly changeSeq: number
  readonly run: JobRunRecord
}

/**
 * The jobs of Segue. A run is stored with its usage when it ends. Until then its usage is, in every answer, that of its
 * stream: the first one of its session; null if there is none.
 */
export interface JobStore extends JobReader, JobRunChanges {
  listJobs(): Promise<readonly SegueJob[]>
  countJobs(): Promise<number>
  findJob(id: string): Promise<SegueJob | null>
  listRunningRuns(): Promise<readonly ChangedJobRun[]>
  listFinishedRuns(query: FinishedJobRunQuery): Promise<readonly ChangedJobRun[]>
  /** Jobs that are due, most overdue first. At most 100. */
  listDueJobs(now: number): Promise<readonly SegueJob[]>
  /** The next time at which a job is due; null if none will be. */
  findNextDueAt(): Promise<number | null>
  /** A job and its active run, as of one moment. */
  findJobWithRunningRun(jobId: string): Promise<JobWithRunningRun | null>
  /**
   * Takes over the runs in progress whose process does not run any more, and resolves to them. Where a home belongs to one
   * process, these are all runs in progress, also those of this process.
   */
  claimOrphanedRuns(): Promise<readonly JobRunRecord[]>
  /** Whether there is a run for a due time. */
  hasRunFor(jobId: string, scheduledFor: number): Promise<boolean>
  /**
   * Throws JobRevisionConflictError, JobLimitError, JobRunLimitError, and StorageError CONSTRAINT for a second run of a due time, or a second running run of
   * a job.
   */
  commit(write: JobCommit): Promise<void>
  /** Deletes a job with its runs, and stores the key of the call that deletes it. False if there is no such job. */
  delete(id: string, idempotencyKey?: IdempotencyKeyRecord | null): Promise<boolean>
}

export interface ChangedJobRunRange {
  readonly after: number
  readonly limit: number
  /** Null for the runs of all jobs. */
  readonly jobId: string | null
}

export interface FinishedJobRunQuery {
  /** Only those that finished after this time, in epoch milliseconds. */
  readonly finishedAfter: number
  /** The newest ones count, at most 1,000. */
  readonly limit: number
  /** Null for the runs of all jobs. */
  readonly jobId: string | null
}
