/**
 * The rows of a deleted session, or job, stay until the background deletes them, and its id is in a queue until then. Every
 * statement that reads such rows without its owner's row has one of these conditions.
 */

/** SQL: whether a row of `table` belongs to a session that is not deleted. */
export function isOfExistingSessionSql(table: string): string {
  return `NOT EXISTS (SELECT 1 FROM deleted_sessions WHERE deleted_sessions.id = ${table}.session_id)`
}

/** SQL: whether a row of `job_runs` belongs to a job that is not deleted. */
export const isOfExistingJobSql = 'NOT EXISTS (SELECT 1 FROM deleted_jobs WHERE deleted_jobs.id = job_runs.job_id)'
