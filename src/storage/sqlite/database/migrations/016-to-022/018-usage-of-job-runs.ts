/**
 * A run keeps its usage when its session is deleted. That of the runs that have ended is taken from their streams: the first
 * ones of their sessions.
 */
export const migration018 = `
  ALTER TABLE job_runs ADD COLUMN usage TEXT; -- JSON; null while the run is in progress, and if nothing is known

  UPDATE job_runs SET usage =
    (SELECT streams.usage FROM streams WHERE streams.session_id = job_runs.session_id ORDER BY streams.rowid LIMIT 1)
  WHERE finished_at IS NOT NULL;
`
