import type { JobRunRecord, SegueJob } from '../../model/job.ts'
import type {
  ChangedJobRun,
  ChangedJobRunRange,
  FinishedJobRunQuery,
  JobCommit,
  JobStore,
  JobWithRunningRun,
} from '../job-store.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { deleteQueuedRows } from './deletion/delete-queued-rows.ts'
import { allocateChangeSeq, readLatestChangeSeq } from './database/change-sequences.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'
import { isOfExistingJobSql } from './tables/deletion-queue-condition.ts'
import {
  jobFromRow,
  type JobRow,
  jobRunFromRow,
  type JobRunRow,
  type JobRunRowWithUsage,
  jobRunToRow,
  jobToRow,
} from '../rows/job-row.ts'
import { selectJobRunsSql, usageSoFarSql } from './tables/job-table.ts'
import { JobLimitError, JobRevisionConflictError } from '../errors.ts'
import type { IdempotencyKeyRecord } from '../idempotency-key.ts'
import { insertIdempotencyKey } from './tables/idempotency-key-table.ts'

/** Jobs that have a due time. Repeats the condition of the index `jobs_by_due_time`. */
const dueCandidateCondition = 'next_run_at IS NOT NULL AND (recurring = 1 OR running IS NULL)'
const maxDueJobs = 100
const maxRunsPerPage = 1_001
const maxChangedRuns = 1_000

/** The jobs and their runs in a profile's database. */
export class SqliteJobStore implements JobStore {
  readonly origin = 'SEGUE'
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async listJobs(): Promise<SegueJob[]> {
    return this.#queryJobs('SELECT * FROM jobs ORDER BY created_at, id')
  }

  async countJobs(): Promise<number> {
    return this.#countJobs()
  }

  async findJob(id: string): Promise<SegueJob | null> {
    return this.#queryJobs('SELECT * FROM jobs WHERE id = ?', id)[0] ?? null
  }

  async listDueJobs(now: number): Promise<SegueJob[]> {
    return this.#queryJobs(
      `SELECT * FROM jobs WHERE ${dueCandidateCondition} AND next_run_at <= ? ORDER BY next_run_at LIMIT ${maxDueJobs}`,
      now,
    )
  }

  async findNextDueAt(): Promise<number | null> {
    const row = this.#database
      .prepare<[], { next: number | null }>(`SELECT min(next_run_at) AS next FROM jobs WHERE ${dueCandidateCondition}`)
      .get()
    return row?.next ?? null
  }

  async findRun(id: string): Promise<JobRunRecord | null> {
    return this.#queryRuns(`${selectJobRunsSql} AND id = ?`, id)[0] ?? null
  }

  async listRuns(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    const { after, before, limit, backwards } = page
    // Newest first: positions after the cursor are smaller.
    const runs = this.#queryRuns(
      `${selectJobRunsSql} AND job_id = ? AND position < ? AND position > ?
       ORDER BY position ${backwards ? 'ASC' : 'DESC'} LIMIT ?`,
      jobId,
      after ?? Number.MAX_SAFE_INTEGER,
      before ?? 0,
      Math.min(limit, maxRunsPerPage),
    )
    return backwards ? runs.reverse() : runs
  }

  async findJobWithRunningRun(jobId: string): Promise<JobWithRunningRun | null> {
    const row = this.#database
      .prepare<[string], JobWithRunRow>(
        `SELECT jobs.*, job_runs.*, ${usageSoFarSql} FROM jobs
         LEFT JOIN job_runs ON job_runs.job_id = jobs.id AND job_runs.finished_at IS NULL
         WHERE jobs.id = ?`,
      )
      .getByTable(jobId)
    if (!row) return null
    const { jobs, job_runs: run, $: computed } = row
    const runningRun = run.id === null ? null : jobRunFromRow({ ...run, ...computed })
    return { job: jobFromRow(jobs, this.#database.profile), runningRun }
  }

  async listRunningRuns(): Promise<ChangedJobRun[]> {
    return this.#database
      .prepare<[], JobRunRowWithUsage>(`${selectJobRunsSql} AND finished_at IS NULL`)
      .all()
      .map(toChangedRun)
  }

  async claimOrphanedRuns(): Promise<JobRunRecord[]> {
    return (await this.listRunningRuns()).map(({ run }) => run)
  }

  async hasRunFor(jobId: string, scheduledFor: number): Promise<boolean> {
    const row = this.#database
      .prepare<[string, number]>(
        `SELECT id FROM job_runs WHERE job_id = ? AND scheduled_for = ? AND ${isOfExistingJobSql}`,
      )
      .get(jobId, scheduledFor)
    return row !== undefined
  }

  async commit({ job, run, idempotencyKey, maxJobs = Number.POSITIVE_INFINITY }: JobCommit): Promise<void> {
    await this.#database.write(() => {
      if (job.revision === 1 && this.#countJobs() >= maxJobs) throw new JobLimitError(`There are ${maxJobs} jobs.`)
      if (job.revision === 1) this.#insertJob(job)
      else this.#updateJob(job)
      if (run?.status === 'RUNNING') this.#insertRun(run)
      else if (run) this.#finishRun(run)
      if (idempotencyKey) insertIdempotencyKey(this.#database, idempotencyKey)
    })
    if (run) this.#database.changes.jobRuns.notify()
  }

  async delete(id: string, idempotencyKey: IdempotencyKeyRecord | null = null): Promise<boolean> {
    const { isDeleted, hasRowsLeft } = await this.#database.write(() => {
      const { changes } = this.#database.prepare<[string]>('DELETE FROM jobs WHERE id = ?').run(id)
      if (idempotencyKey && changes === 1) insertIdempotencyKey(this.#database, idempotencyKey)
      return { isDeleted: changes === 1, hasRowsLeft: deleteQueuedRows(this.#database) }
    })
    if (hasRowsLeft) this.#database.reportQueuedRows()
    return isDeleted
  }

  async listChangedRuns(range: ChangedJobRunRange): Promise<ChangedJobRun[]> {
    return this.#database
      .prepare<[ChangedJobRunRange], JobRunRowWithUsage>(
        `${selectJobRunsSql} AND change > :after AND (:jobId IS NULL OR job_id = :jobId)
         ORDER BY change LIMIT :limit`,
      )
      .all({ ...range, limit: Math.min(range.limit, maxChangedRuns) })
      .map(toChangedRun)
  }

  async listFinishedRuns(query: FinishedJobRunQuery): Promise<ChangedJobRun[]> {
    return this.#database
      .prepare<[FinishedJobRunQuery], JobRunRowWithUsage>(
        `SELECT * FROM (
           ${selectJobRunsSql} AND finished_at IS NOT NULL AND (:jobId IS NULL OR job_id = :jobId)
           ORDER BY change DESC LIMIT :limit
         ) WHERE finished_at > :finishedAfter ORDER BY change`,
      )
      .all({ ...query, limit: Math.min(query.limit, maxChangedRuns) })
      .map(toChangedRun)
  }

  async loadLatestChangeSeq(): Promise<number> {
    return readLatestChangeSeq(this.#database, 'job_runs')
  }

  #countJobs(): number {
    return this.#database.prepare<[], { count: number }>('SELECT count(*) AS count FROM jobs').get()?.count ?? 0
  }

  #queryJobs(sql: string, ...values: (string | number)[]): SegueJob[] {
    return this.#database
      .prepare<(string | number)[], JobRow>(sql)
      .all(...values)
      .map((row) => jobFromRow(row, this.#database.profile))
  }

  #queryRuns(sql: string, ...values: (string | number)[]): JobRunRecord[] {
    return this.#database
      .prepare<(string | number)[], JobRunRowWithUsage>(sql)
      .all(...values)
      .map(jobRunFromRow)
  }

  #insertJob(job: SegueJob): void {
    this.#database
      .prepare<[JobRow]>(
        `INSERT INTO jobs (id, name, prompt, schedule, timezone, anchor, recurring, model, instructions, effort, budget, enabled, state, fault,
           running, repeat_limit, completed_runs, skipped_runs, next_run_at, created_at, settled_until, run_count,
           revision)
         VALUES (:id, :name, :prompt, :schedule, :timezone, :anchor, :recurring, :model, :instructions, :effort, :budget, :enabled, :state, :fault,
           :running, :repeat_limit, :completed_runs, :skipped_runs, :next_run_at, :created_at, :settled_until,
           :run_count, :revision)`,
      )
      .run(jobToRow(job))
  }

  #updateJob(job: SegueJob): void {
    const { changes } = this.#database
      .prepare<[JobRow]>(
        `UPDATE jobs SET name = :name, prompt = :prompt, schedule = :schedule, timezone = :timezone, anchor = :anchor,
           recurring = :recurring, model = :model, instructions = :instructions, effort = :effort, budget = :budget, enabled = :enabled, state = :state, fault = :fault,
           running = :running, repeat_limit = :repeat_limit, completed_runs = :completed_runs,
           skipped_runs = :skipped_runs, next_run_at = :next_run_at, settled_until = :settled_until,
           run_count = :run_count, revision = :revision
         WHERE id = :id AND revision = :revision - 1`,
      )
      .run(jobToRow(job))
    if (changes !== 1) throw new JobRevisionConflictError(`The job ${job.id} is not at revision ${job.revision - 1}.`)
  }

  #insertRun(run: JobRunRecord): void {
    this.#database
      .prepare<[JobRunRow]>(
        `INSERT INTO job_runs (id, job_id, position, trigger, status, scheduled_for, started_at, finished_at, output,
           error, session_id, change, usage)
         VALUES (:id, :job_id, :position, :trigger, :status, :scheduled_for, :started_at, :finished_at, :output,
           :error, :session_id, :change, :usage)`,
      )
      .run(jobRunToRow(run, allocateChangeSeq(this.#database, 'job_runs')))
  }

  #finishRun(run: JobRunRecord): void {
    const { changes } = this.#database
      .prepare<[JobRunRow]>(
        `UPDATE job_runs SET status = :status, finished_at = :finished_at, output = :output, error = :error,
           usage = :usage, change = :change
         WHERE id = :id AND finished_at IS NULL`,
      )
      .run(jobRunToRow(run, allocateChangeSeq(this.#database, 'job_runs')))
    if (changes !== 1) throw new JobRevisionConflictError(`The run ${run.id} has already ended.`)
  }
}

/** A job and its run that has not ended, by table; `$` holds what no table has. */
interface JobWithRunRow {
  readonly jobs: JobRow
  readonly job_runs: JobRunRow | Record<keyof JobRunRow, null>
  readonly $: Pick<JobRunRowWithUsage, 'usage_so_far'>
}

function toChangedRun(row: JobRunRowWithUsage): ChangedJobRun {
  return { changeSeq: row.change, run: jobRunFromRow(row) }
}
