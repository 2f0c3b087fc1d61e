/**
 * SQL: whether a row of a table has not ended, and its process does not exist any more. Who claims such rows locks the profile
 * first: an UPDATE that waits for the rows of another claim would not look at `processes` again.
 */
export function isOrphanedSql(table: 'streams' | 'job_runs'): string {
  return `${table}.finished_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM processes WHERE processes.number = ${table}.owner)`
}
