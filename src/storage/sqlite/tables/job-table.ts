import { isOfExistingJobSql } from './deletion-queue-condition.ts'

/** How jobs and their runs lie in the tables of `migrations.ts`. */

/**
 * SQL scalar on `job_runs`: the usage of the run's stream, which is the first one of its session, while the run is in
 * progress; else null.
 */
export const usageSoFarSql = `CASE WHEN job_runs.finished_at IS NULL THEN
  (SELECT streams.usage FROM streams WHERE streams.session_id = job_runs.session_id ORDER BY streams.rowid LIMIT 1)
END AS usage_so_far`

/** Selects rows of `JobRunRowWithUsage` of the jobs that are not deleted. Add further conditions with AND. */
export const selectJobRunsSql = `SELECT job_runs.*, ${usageSoFarSql} FROM job_runs WHERE ${isOfExistingJobSql}`
