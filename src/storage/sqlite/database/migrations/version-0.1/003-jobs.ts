/** Released: this text never changes. */
export const migration003 = `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    prompt TEXT NOT NULL,
    schedule TEXT NOT NULL,
    timezone TEXT NOT NULL,
    anchor INTEGER NOT NULL,
    recurring INTEGER NOT NULL,
    model TEXT,
    enabled INTEGER NOT NULL,
    state TEXT NOT NULL,
    fault TEXT,
    running TEXT,
    repeat_limit INTEGER,
    completed_runs INTEGER NOT NULL,
    skipped_runs INTEGER NOT NULL,
    next_run_at INTEGER,
    created_at INTEGER NOT NULL,
    settled_until INTEGER NOT NULL,
    run_count INTEGER NOT NULL,
    revision INTEGER NOT NULL
  ) STRICT;
  -- The clock looks here. A time that comes but once waits for the end of a run that is under way.
  CREATE INDEX jobs_by_due_time ON jobs (next_run_at)
    WHERE next_run_at IS NOT NULL AND (recurring = 1 OR running IS NULL);

  CREATE TABLE job_runs (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    trigger TEXT NOT NULL,
    status TEXT NOT NULL,
    scheduled_for INTEGER, -- null for a run by hand
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    output TEXT,
    error TEXT,
    session_id TEXT, -- of a session that is made after the run began, and may be gone before the job is
    change INTEGER NOT NULL, -- the number of its newest change, over all runs
    UNIQUE (job_id, position),
    -- No due time has two runs, whatever clocks and crashes do.
    UNIQUE (job_id, scheduled_for)
  ) STRICT;
  -- A job never overlaps itself; the few that run are found without a look at the many that ended.
  CREATE UNIQUE INDEX running_job_runs ON job_runs (job_id) WHERE finished_at IS NULL;
  CREATE UNIQUE INDEX job_runs_by_change ON job_runs (change);
  `
