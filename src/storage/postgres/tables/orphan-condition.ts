/** SQL: whether a row of a table has not ended, and its process does not exist any more. */
export function isOrphanedSql(table: 'streams' | 'job_runs'): string {
  return `${table}.finished_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM processes WHERE processes.number = ${table}.owner)`
}

/**
 * SQL: gives the orphans of a profile, $1, to a process, $2, if that has its lease. Lock the profile first: an UPDATE that waits for
 * the rows of another claim would not look at `processes` again.
 */
export function claimOrphansSql(table: 'streams' | 'job_runs'): string {
  return `UPDATE ${table} SET owner = $2 WHERE profile = $1 AND ${isOrphanedSql(table)}
    AND EXISTS (SELECT 1 FROM processes WHERE processes.number = $2)`
}
