import type { JobRunRecord, SegueJob } from '../../../model/job.ts'
import { JobRevisionConflictError } from '../../errors.ts'
import { type JobRow, type JobRunRow, jobRunFromRow, jobRunToRow, jobToRow } from '../../rows/job-row.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { OrphanClaim } from './orphans.ts'
import { allocateChangeSeqs } from '../database/change-sequences.ts'
import { defineUpdate } from '../database/define-update.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresStatement,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'

const jobColumns: PostgresColumns<JobRow> = {
  id: 'text',
  name: 'text',
  prompt: 'text',
  schedule: 'text',
  timezone: 'text',
  anchor: 'bigint',
  recurring: 'smallint',
  model: 'text',
  instructions: 'text',
  effort: 'text',
  budget: 'text',
  enabled: 'smallint',
  state: 'text',
  fault: 'text',
  running: 'text',
  repeat_limit: 'bigint',
  completed_runs: 'bigint',
  skipped_runs: 'bigint',
  next_run_at: 'bigint',
  created_at: 'bigint',
  settled_until: 'bigint',
  run_count: 'bigint',
  revision: 'bigint',
}

/** With the process that runs it. */
interface OwnedJobRunRow extends JobRunRow {
  readonly owner: number
}

const runColumns: PostgresColumns<OwnedJobRunRow> = {
  id: 'text',
  job_id: 'text',
  position: 'bigint',
  trigger: 'text',
  status: 'text',
  scheduled_for: 'bigint',
  started_at: 'bigint',
  finished_at: 'bigint',
  output: 'text',
  error: 'text',
  session_id: 'text',
  change: 'bigint',
  usage: 'text',
  owner: 'bigint',
}

const insertNewJob = defineInsert('insert-job', 'jobs', jobColumns)
const insertNewRun = defineInsert('insert-job-run', 'job_runs', runColumns)

const updateJobAtRevision = defineUpdate('update-job', 'jobs', jobColumns, 'jobs.revision = new.revision - 1')

const finishRunningRun: PostgresStatement = {
  name: 'finish-job-run',
  text: `UPDATE job_runs SET status = $3, finished_at = $4, output = $5, error = $6, usage = $7, change = $8
    WHERE profile = $1 AND id = $2 AND finished_at IS NULL`,
}

const selectOwnRuns: PostgresStatement = {
  name: 'select-own-job-runs',
  text: 'SELECT * FROM job_runs WHERE profile = $1 AND id = ANY($2::text[]) AND finished_at IS NULL AND owner = $3',
}

const orphanClaim = new OrphanClaim('job_runs')

export async function insertJob(tx: PostgresTransaction, job: SegueJob): Promise<void> {
  await insertRows(tx, insertNewJob, [jobToRow(job)])
}

/** Throws JobRevisionConflictError unless the stored job has the revision before this one. */
export async function updateJob(tx: PostgresTransaction, job: SegueJob): Promise<void> {
  const updated = await insertRows(tx, updateJobAtRevision, [jobToRow(job)])
  if (updated !== 1) throw new JobRevisionConflictError(`The job ${job.id} is not at revision ${job.revision - 1}.`)
}

export async function insertJobRun(tx: PostgresTransaction, run: JobRunRecord): Promise<void> {
  await insertRows(tx, insertNewRun, [{ ...(await toNumberedRow(tx, run)), owner: tx.process }])
}

/** Throws JobRevisionConflictError if the run has ended. */
export async function finishJobRun(tx: PostgresTransaction, run: JobRunRecord): Promise<void> {
  const { id, status, finished_at, output, error, usage, change } = await toNumberedRow(tx, run)
  const finished = await tx.execute(finishRunningRun, [id, status, finished_at, output, error, usage, change])
  if (finished !== 1) throw new JobRevisionConflictError(`The run ${run.id} has already ended.`)
}

/** Makes this process the owner of the runs whose process does not exist any more. */
export function claimOrphanedJobRuns(database: PostgresProfileDatabase): Promise<JobRunRecord[]> {
  return orphanClaim.run(database, async (db, ids) => {
    const rows = await db.query<JobRunRow>(selectOwnRuns, [ids, db.process])
    return rows.map((row) => jobRunFromRow({ ...row, usage_so_far: null }))
  })
}

async function toNumberedRow(tx: PostgresTransaction, run: JobRunRecord): Promise<JobRunRow> {
  const [change = 0] = await allocateChangeSeqs(tx, 'job_runs', 1)
  return jobRunToRow(run, change)
}
