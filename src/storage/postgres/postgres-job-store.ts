import type { PageRequest } from '../../lib/pagination.ts'
import type { JobRunRecord, SegueJob } from '../../model/job.ts'
import { JobLimitError, JobRunLimitError } from '../errors.ts'
import type { IdempotencyKeyRecord } from '../idempotency-key.ts'
import type {
  ChangedJobRun,
  ChangedJobRunRange,
  FinishedJobRunQuery,
  JobCommit,
  JobStore,
  JobWithRunningRun,
} from '../job-store.ts'
import { type JobRow, jobFromRow, jobRunFromRow, type JobRunRowWithUsage } from '../rows/job-row.ts'
import { lockProfile } from './database/lock-profile.ts'
import { readLatestChangeSeq } from './database/change-sequences.ts'
import type { PostgresStatement, PostgresTransaction, PostgresValue } from './database/postgres-statement.ts'
import * as statements from './job-statements.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'
import { insertIdempotencyKey } from './tables/idempotency-key-table.ts'
import { claimOrphanedJobRuns, finishJobRun, insertJob, insertJobRun, updateJob } from './tables/job-table.ts'

const maxRunsPerPage = 1_001
const maxChangedRuns = 1_000

/** The jobs of a profile and their runs. */
export class PostgresJobStore implements JobStore {
  readonly origin = 'SEGUE'
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  listJobs(): Promise<SegueJob[]> {
    return this.#queryJobs(statements.selectJobs)
  }

  async countJobs(): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>(statements.countJobs)
    return row?.count ?? 0
  }

  async findJob(id: string): Promise<SegueJob | null> {
    const [job] = await this.#queryJobs(statements.selectJob, id)
    return job ?? null
  }

  listDueJobs(now: number): Promise<SegueJob[]> {
    return this.#queryJobs(statements.selectDueJobs, now)
  }

  async findNextDueAt(): Promise<number | null> {
    const [row] = await this.#database.query<{ next: number }>(statements.selectNextDueTime)
    return row?.next ?? null
  }

  async findRun(id: string): Promise<JobRunRecord | null> {
    const [run] = await this.#queryRuns(statements.selectRun, id)
    return run?.run ?? null
  }

  async listRuns(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    const { after, before, limit, backwards } = page
    // Newest first: positions after the cursor are smaller.
    const bounds = [after ?? Number.MAX_SAFE_INTEGER, before ?? 0, Math.min(limit, maxRunsPerPage)]
    const runs = await this.#queryRuns(backwards ? statements.selectLastRuns : statements.selectRuns, jobId, ...bounds)
    return (backwards ? runs.reverse() : runs).map(({ run }) => run)
  }

  findJobWithRunningRun(jobId: string): Promise<JobWithRunningRun | null> {
    return this.#database.readSnapshot(async (connection) => {
      const [job] = await connection.query<JobRow>(statements.selectJob, [jobId])
      const [run] = await connection.query<JobRunRowWithUsage>(statements.selectRunningRun, [jobId])
      return job ? { job: this.#toJob(job), runningRun: run ? jobRunFromRow(run) : null } : null
    })
  }

  listRunningRuns(): Promise<ChangedJobRun[]> {
    return this.#queryRuns(statements.selectRunningRuns)
  }

  claimOrphanedRuns(): Promise<JobRunRecord[]> {
    return claimOrphanedJobRuns(this.#database)
  }

  async hasRunFor(jobId: string, scheduledFor: number): Promise<boolean> {
    const runs = await this.#database.query(statements.selectRunOfTime, [jobId, scheduledFor])
    return runs.length > 0
  }

  async commit({ job, run, idempotencyKey, maxJobs, maxRunningRuns }: JobCommit): Promise<void> {
    await this.#database.write(async (transaction) => {
      if (maxRunningRuns !== undefined) await assertFewerRunningRuns(transaction, maxRunningRuns)
      if (job.revision === 1 && maxJobs !== undefined) await assertFewerJobs(transaction, maxJobs)
      await (job.revision === 1 ? insertJob(transaction, job) : updateJob(transaction, job))
      if (run) await (run.status === 'RUNNING' ? insertJobRun(transaction, run) : finishJobRun(transaction, run))
      if (idempotencyKey) await insertIdempotencyKey(transaction, idempotencyKey)
      if (run) transaction.onCommitted(() => this.#database.changes.jobRuns.notify())
    })
  }

  delete(id: string, idempotencyKey: IdempotencyKeyRecord | null = null): Promise<boolean> {
    return this.#database.write(async (transaction) => {
      const deleted = await transaction.execute(statements.deleteJob, [id])
      if (idempotencyKey && deleted === 1) await insertIdempotencyKey(transaction, idempotencyKey)
      return deleted === 1
    })
  }

  listChangedRuns({ after, limit, jobId }: ChangedJobRunRange): Promise<ChangedJobRun[]> {
    return this.#queryRuns(statements.selectChangedRuns, after, jobId, Math.min(limit, maxChangedRuns))
  }

  async listFinishedRuns({ finishedAfter, limit, jobId }: FinishedJobRunQuery): Promise<ChangedJobRun[]> {
    const runs = await this.#queryRuns(statements.selectFinishedRuns, jobId, Math.min(limit, maxChangedRuns))
    return runs.filter(({ run }) => (run.finishedAt ?? 0) > finishedAfter).reverse()
  }

  loadLatestChangeSeq(): Promise<number> {
    return readLatestChangeSeq(this.#database, 'job_runs')
  }

  async #queryJobs(statement: PostgresStatement, ...values: PostgresValue[]): Promise<SegueJob[]> {
    const rows = await this.#database.query<JobRow>(statement, values)
    return rows.map((row) => this.#toJob(row))
  }

  async #queryRuns(statement: PostgresStatement, ...values: PostgresValue[]): Promise<ChangedJobRun[]> {
    const rows = await this.#database.query<JobRunRowWithUsage>(statement, values)
    return rows.map((row) => ({ changeSeq: row.change, run: jobRunFromRow(row) }))
  }

  #toJob(row: JobRow): SegueJob {
    return jobFromRow(row, this.#database.profile)
  }
}

/** Transactions that add jobs to a profile wait for each other. */
async function assertFewerJobs(transaction: PostgresTransaction, maxJobs: number): Promise<void> {
  await transaction.execute(lockProfile)
  const [row] = await transaction.query<{ count: number }>(statements.countJobs)
  if (row && row.count >= maxJobs) throw new JobLimitError(`There are ${maxJobs} jobs.`)
}

/** Transactions that may start only so many runs wait for each other, in all profiles. */
async function assertFewerRunningRuns(transaction: PostgresTransaction, maxRunningRuns: number): Promise<void> {
  await transaction.execute(statements.lockInstallation)
  const [row] = await transaction.query<{ count: number }>(statements.countRunningRuns)
  if (row && row.count >= maxRunningRuns) throw new JobRunLimitError(`There are ${maxRunningRuns} runs in progress.`)
}
