import type { PostgresStatement } from './database/postgres-statement.ts'

/** Jobs that have a due time. Repeats the condition of the index `jobs_by_due_time`. */
const dueCandidateCondition = 'next_run_at IS NOT NULL AND (recurring = 1 OR running IS NULL)'
const maxDueJobs = 100

/** Selects rows of `JobRunRowWithUsage`. The stream of a run is the first one of its session. */
const selectRunsSql = `SELECT job_runs.*, CASE WHEN finished_at IS NULL THEN (
    SELECT streams.usage FROM streams WHERE streams.profile = job_runs.profile AND streams.session_id = job_runs.session_id
    ORDER BY streams.number LIMIT 1
  ) END AS usage_so_far FROM job_runs WHERE profile = $1`

export const selectJobs: PostgresStatement = {
  name: 'select-jobs',
  text: 'SELECT * FROM jobs WHERE profile = $1 ORDER BY created_at, id',
}

export const countJobs: PostgresStatement = {
  name: 'count-jobs',
  text: 'SELECT count(*) AS count FROM jobs WHERE profile = $1',
}

export const selectJob: PostgresStatement = {
  name: 'select-job',
  text: 'SELECT * FROM jobs WHERE profile = $1 AND id = $2',
}

export const selectDueJobs: PostgresStatement = {
  name: 'select-due-jobs',
  text: `SELECT * FROM jobs WHERE profile = $1 AND ${dueCandidateCondition} AND next_run_at <= $2
    ORDER BY next_run_at LIMIT ${maxDueJobs}`,
}

export const selectNextDueTime: PostgresStatement = {
  name: 'select-next-due-time',
  text: `SELECT next_run_at AS next FROM jobs WHERE profile = $1 AND ${dueCandidateCondition} ORDER BY next_run_at LIMIT 1`,
}

export const deleteJob: PostgresStatement = {
  name: 'delete-job',
  text: 'DELETE FROM jobs WHERE profile = $1 AND id = $2',
}

export const selectRun: PostgresStatement = { name: 'select-job-run', text: `${selectRunsSql} AND id = $2` }

const pageCondition = 'job_id = $2 AND position < $3 AND position > $4'

export const selectRuns: PostgresStatement = {
  name: 'select-job-runs',
  text: `${selectRunsSql} AND ${pageCondition} ORDER BY position DESC LIMIT $5`,
}

export const selectLastRuns: PostgresStatement = {
  name: 'select-last-job-runs',
  text: `${selectRunsSql} AND ${pageCondition} ORDER BY position ASC LIMIT $5`,
}

export const selectRunningRun: PostgresStatement = {
  name: 'select-running-job-run',
  text: `${selectRunsSql} AND job_id = $2 AND finished_at IS NULL`,
}

export const selectRunningRuns: PostgresStatement = {
  name: 'select-running-job-runs',
  text: `${selectRunsSql} AND finished_at IS NULL`,
}

/** Of all profiles. */
export const countRunningRuns: PostgresStatement = {
  name: 'count-running-job-runs',
  text: 'SELECT count(*) AS count FROM job_runs WHERE finished_at IS NULL AND $1::text IS NOT NULL',
}

/** Locks what all profiles have in common. */
export const lockInstallation: PostgresStatement = {
  name: 'lock-installation',
  text: 'SELECT version FROM schema_version WHERE $1::text IS NOT NULL FOR NO KEY UPDATE',
}

export const selectRunOfTime: PostgresStatement = {
  name: 'select-job-run-of-time',
  text: 'SELECT id FROM job_runs WHERE profile = $1 AND job_id = $2 AND scheduled_for = $3',
}

export const selectChangedRuns: PostgresStatement = {
  name: 'select-changed-job-runs',
  text: `${selectRunsSql} AND change > $2 AND ($3::text IS NULL OR job_id = $3) ORDER BY change LIMIT $4`,
}

export const selectFinishedRuns: PostgresStatement = {
  name: 'select-finished-job-runs',
  text: `${selectRunsSql} AND finished_at IS NOT NULL AND ($2::text IS NULL OR job_id = $2) ORDER BY change DESC LIMIT $3`,
}
