import type { JobRunRecord, OwnJob } from '../../model/job.ts'
import { type ChangedRun, type ChangedRunRange, JobConflict, type JobStore, type JobWrite } from '../job-store.ts'
import type { PageRequest } from '../session-reader.ts'
import type { ProfileDatabase } from './database/sqlite-database.ts'
import { fromJob, fromJobRun, type JobRow, type JobRunRow, toJob, toJobRun } from './rows/job-row-mapper.ts'

/** Jobs that the clock looks at: as the index of the same words has them. */
const awaited = 'next_run_at IS NOT NULL AND (recurring = 1 OR running IS NULL)'
const jobsAtOnce = 100
const newestChange = 'SELECT coalesce(max(change), 0) AS newest FROM job_runs'

/** The jobs and runs in a profile's database. */
export class SqliteJobStore implements JobStore {
  readonly origin = 'SEGUE'
  readonly #database: ProfileDatabase
  readonly #profile: string
  /** Goes on where the table ends, and never back: a deleted job takes the numbers of its runs along. */
  #change = 0

  constructor(database: ProfileDatabase, profile: string) {
    this.#database = database
    this.#profile = profile
  }

  async jobs(): Promise<OwnJob[]> {
    return this.#jobs('SELECT * FROM jobs ORDER BY created_at, id')
  }

  async job(id: string): Promise<OwnJob | null> {
    return this.#jobs('SELECT * FROM jobs WHERE id = ?', id)[0] ?? null
  }

  async dueJobs(now: number): Promise<OwnJob[]> {
    return this.#jobs(
      `SELECT * FROM jobs WHERE ${awaited} AND next_run_at <= ? ORDER BY next_run_at LIMIT ${jobsAtOnce}`,
      now,
    )
  }

  async nextDueAt(): Promise<number | null> {
    const row = this.#database
      .prepare<[], { next: number | null }>(`SELECT min(next_run_at) AS next FROM jobs WHERE ${awaited}`)
      .get()
    return row?.next ?? null
  }

  async run(id: string): Promise<JobRunRecord | null> {
    return this.#runs('SELECT * FROM job_runs WHERE id = ?', id)[0] ?? null
  }

  async runPage(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    const { after, before, limit, backwards } = page
    // Newest first: what comes after a key in the list is smaller than it.
    const runs = this.#runs(
      `SELECT * FROM job_runs WHERE job_id = ? AND position < ? AND position > ?
       ORDER BY position ${backwards ? 'ASC' : 'DESC'} LIMIT ?`,
      jobId,
      after ?? Number.MAX_SAFE_INTEGER,
      before ?? 0,
      limit,
    )
    return backwards ? runs.reverse() : runs
  }

  async runningRun(jobId: string): Promise<JobRunRecord | null> {
    return this.#runs('SELECT * FROM job_runs WHERE job_id = ? AND finished_at IS NULL', jobId)[0] ?? null
  }

  async runningRuns(): Promise<JobRunRecord[]> {
    return this.#runs('SELECT * FROM job_runs INDEXED BY running_job_runs WHERE finished_at IS NULL')
  }

  async hasRunFor(jobId: string, scheduledFor: number): Promise<boolean> {
    const row = this.#database
      .prepare<[string, number]>('SELECT id FROM job_runs WHERE job_id = ? AND scheduled_for = ?')
      .get(jobId, scheduledFor)
    return row !== undefined
  }

  async commit({ job, run }: JobWrite): Promise<void> {
    this.#database.write(() => {
      if (job.revision === 1) this.#insertJob(job)
      else this.#updateJob(job)
      if (run?.status === 'RUNNING') this.#insertRun(run)
      else if (run) this.#endRun(run)
    })
  }

  async delete(id: string): Promise<boolean> {
    return this.#database.write(
      () => this.#database.prepare<[string]>('DELETE FROM jobs WHERE id = ?').run(id).changes === 1,
    )
  }

  async changedRuns(range: ChangedRunRange): Promise<ChangedRun[]> {
    return this.#database
      .prepare<[ChangedRunRange], JobRunRow>(
        `SELECT * FROM job_runs WHERE change > :after AND (:jobId IS NULL OR job_id = :jobId)
         ORDER BY change LIMIT :limit`,
      )
      .all(range)
      .map((row) => ({ change: row.change, run: toJobRun(row) }))
  }

  async newestChange(): Promise<number> {
    const row = this.#database.prepare<[], { newest: number }>(newestChange).get()
    return Math.max(this.#change, row?.newest ?? 0)
  }

  #jobs(sql: string, ...values: (string | number)[]): OwnJob[] {
    return this.#database
      .prepare<(string | number)[], JobRow>(sql)
      .all(...values)
      .map((row) => toJob(row, this.#profile))
  }

  #runs(sql: string, ...values: (string | number)[]): JobRunRecord[] {
    return this.#database
      .prepare<(string | number)[], JobRunRow>(sql)
      .all(...values)
      .map(toJobRun)
  }

  #insertJob(job: OwnJob): void {
    this.#database
      .prepare<[JobRow]>(
        `INSERT INTO jobs (id, name, prompt, schedule, timezone, anchor, recurring, model, enabled, state, fault,
           running, repeat_limit, completed_runs, skipped_runs, next_run_at, created_at, settled_until, run_count,
           revision)
         VALUES (:id, :name, :prompt, :schedule, :timezone, :anchor, :recurring, :model, :enabled, :state, :fault,
           :running, :repeat_limit, :completed_runs, :skipped_runs, :next_run_at, :created_at, :settled_until,
           :run_count, :revision)`,
      )
      .run(fromJob(job))
  }

  #updateJob(job: OwnJob): void {
    const { changes } = this.#database
      .prepare<[JobRow]>(
        `UPDATE jobs SET name = :name, prompt = :prompt, schedule = :schedule, timezone = :timezone, anchor = :anchor,
           recurring = :recurring, model = :model, enabled = :enabled, state = :state, fault = :fault,
           running = :running, repeat_limit = :repeat_limit, completed_runs = :completed_runs,
           skipped_runs = :skipped_runs, next_run_at = :next_run_at, settled_until = :settled_until,
           run_count = :run_count, revision = :revision
         WHERE id = :id AND revision = :revision - 1`,
      )
      .run(fromJob(job))
    if (changes !== 1) throw new JobConflict(`the job ${job.id} is not at revision ${job.revision - 1}`)
  }

  #insertRun(run: JobRunRecord): void {
    this.#database
      .prepare<[JobRunRow]>(
        `INSERT INTO job_runs (id, job_id, position, trigger, status, scheduled_for, started_at, finished_at, output,
           error, session_id, change)
         VALUES (:id, :job_id, :position, :trigger, :status, :scheduled_for, :started_at, :finished_at, :output,
           :error, :session_id, :change)`,
      )
      .run(fromJobRun(run, this.#nextChange()))
  }

  /** A run ends once. */
  #endRun(run: JobRunRecord): void {
    const { changes } = this.#database
      .prepare<[JobRunRow]>(
        `UPDATE job_runs SET status = :status, finished_at = :finished_at, output = :output, error = :error,
           change = :change
         WHERE id = :id AND finished_at IS NULL`,
      )
      .run(fromJobRun(run, this.#nextChange()))
    if (changes !== 1) throw new JobConflict(`the run ${run.id} is not under way`)
  }

  #nextChange(): number {
    const row = this.#database.prepare<[], { newest: number }>(newestChange).get()
    this.#change = Math.max(this.#change, row?.newest ?? 0) + 1
    return this.#change
  }
}
