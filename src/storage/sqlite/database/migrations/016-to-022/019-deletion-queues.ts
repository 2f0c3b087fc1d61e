/**
 * A session is deleted by deleting its row in `sessions`. The rows of the other tables refer to `session_ids`, so that they
 * can be deleted later, in steps: `deleted_sessions` is the queue of the sessions that still have such rows. The same goes
 * for jobs and their runs. Nothing that existed before is in a queue.
 */
export const migration019 = `
  -- Renaming a table changes the foreign keys that refer to it, and with this setting nothing else.
  PRAGMA legacy_alter_table = ON;

  DROP TRIGGER session_inserted;
  DROP TRIGGER session_updated;
  DROP TRIGGER session_deleted;
  DROP TRIGGER session_key_released;
  DROP TRIGGER title_inserted;
  DROP TRIGGER title_updated;
  DROP TRIGGER title_deleted;
  DROP INDEX sessions_by_parent;
  DROP INDEX sessions_by_place;
  ALTER TABLE sessions RENAME TO session_ids;

  CREATE TABLE sessions (
    id TEXT PRIMARY KEY REFERENCES session_ids (id),
    title TEXT,
    title_source TEXT,
    source TEXT NOT NULL,
    model TEXT,
    parent_session_id TEXT,
    parent_origin TEXT,
    forked_from TEXT,
    forked_from_origin TEXT,
    retry_of TEXT,
    retry_of_origin TEXT,
    takes_place_of TEXT,
    takes_place_of_origin TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    last_activity_at INTEGER NOT NULL,
    message_count INTEGER NOT NULL DEFAULT 0,
    head_seq INTEGER NOT NULL DEFAULT 0,
    usage TEXT NOT NULL -- JSON
  ) STRICT;
  INSERT INTO sessions
  SELECT id, title, title_source, source, model, parent_session_id, parent_origin, forked_from, forked_from_origin,
    retry_of, retry_of_origin, takes_place_of, takes_place_of_origin, started_at, ended_at, end_reason, last_activity_at,
    message_count, head_seq, usage
  FROM session_ids ORDER BY rowid;
  CREATE INDEX sessions_by_parent ON sessions (parent_session_id) WHERE parent_session_id IS NOT NULL;
  CREATE INDEX sessions_by_place ON sessions (takes_place_of) WHERE takes_place_of IS NOT NULL;

  -- The ids of all sessions, also of those whose rows are still being deleted.
  ALTER TABLE session_ids DROP COLUMN title;
  ALTER TABLE session_ids DROP COLUMN title_source;
  ALTER TABLE session_ids DROP COLUMN source;
  ALTER TABLE session_ids DROP COLUMN model;
  ALTER TABLE session_ids DROP COLUMN parent_session_id;
  ALTER TABLE session_ids DROP COLUMN parent_origin;
  ALTER TABLE session_ids DROP COLUMN forked_from;
  ALTER TABLE session_ids DROP COLUMN forked_from_origin;
  ALTER TABLE session_ids DROP COLUMN retry_of;
  ALTER TABLE session_ids DROP COLUMN retry_of_origin;
  ALTER TABLE session_ids DROP COLUMN takes_place_of;
  ALTER TABLE session_ids DROP COLUMN takes_place_of_origin;
  ALTER TABLE session_ids DROP COLUMN started_at;
  ALTER TABLE session_ids DROP COLUMN ended_at;
  ALTER TABLE session_ids DROP COLUMN end_reason;
  ALTER TABLE session_ids DROP COLUMN last_activity_at;
  ALTER TABLE session_ids DROP COLUMN message_count;
  ALTER TABLE session_ids DROP COLUMN head_seq;
  ALTER TABLE session_ids DROP COLUMN usage;
  ALTER TABLE session_ids DROP COLUMN key;
  ALTER TABLE session_ids DROP COLUMN fingerprint;
  CREATE TABLE deleted_sessions (
    id TEXT PRIMARY KEY REFERENCES session_ids (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TRIGGER session_id_inserted AFTER INSERT ON sessions BEGIN
    -- Fails while the rows of a deleted session with this id are left.
    INSERT INTO session_ids VALUES (new.id);
  END;
  CREATE TRIGGER session_rows_queued AFTER DELETE ON sessions BEGIN
    INSERT INTO deleted_sessions SELECT old.id WHERE
      EXISTS (SELECT 1 FROM messages WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM events WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM streams WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM decisions WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM blob_references WHERE session_id = old.id);
    DELETE FROM session_ids WHERE id = old.id AND NOT EXISTS (SELECT 1 FROM deleted_sessions WHERE id = old.id);
  END;

  CREATE TRIGGER session_inserted AFTER INSERT ON sessions BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
    INSERT INTO pending_sessions VALUES (old.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_updated
  AFTER UPDATE OF parent_session_id, takes_place_of, source, started_at, end_reason, last_activity_at, message_count
  ON sessions
  WHEN
    old.parent_session_id IS NOT new.parent_session_id OR
    old.takes_place_of IS NOT new.takes_place_of OR
    old.source <> new.source OR
    old.started_at <> new.started_at OR
    old.end_reason IS NOT new.end_reason OR
    old.last_activity_at <> new.last_activity_at OR
    old.message_count <> new.message_count
  BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER title_inserted AFTER INSERT ON sessions WHEN new.title IS NOT NULL BEGIN
    INSERT INTO search_queue VALUES ('title', new.id, 0);
  END;
  CREATE TRIGGER title_updated AFTER UPDATE OF title ON sessions WHEN new.title IS NOT old.title BEGIN
    DELETE FROM title_entries WHERE id = new.id;
    INSERT INTO search_queue VALUES ('title', new.id, 0) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER title_deleted AFTER DELETE ON sessions BEGIN
    DELETE FROM title_entries WHERE id = old.id;
    DELETE FROM search_queue WHERE is_long = 0 AND kind = 'title' AND id = old.id;
  END;
  CREATE TRIGGER session_key_released AFTER DELETE ON sessions BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;

  DROP TRIGGER job_key_released;
  DROP INDEX jobs_by_due_time;
  ALTER TABLE jobs RENAME TO job_ids;
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY REFERENCES job_ids (id),
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
  INSERT INTO jobs
  SELECT id, name, prompt, schedule, timezone, anchor, recurring, model, enabled, state, fault, running, repeat_limit,
    completed_runs, skipped_runs, next_run_at, created_at, settled_until, run_count, revision
  FROM job_ids ORDER BY rowid;
  CREATE INDEX jobs_by_due_time ON jobs (next_run_at)
    WHERE next_run_at IS NOT NULL AND (recurring = 1 OR running IS NULL);

  -- The ids of all jobs, also of those whose runs are still being deleted.
  ALTER TABLE job_ids DROP COLUMN name;
  ALTER TABLE job_ids DROP COLUMN prompt;
  ALTER TABLE job_ids DROP COLUMN schedule;
  ALTER TABLE job_ids DROP COLUMN timezone;
  ALTER TABLE job_ids DROP COLUMN anchor;
  ALTER TABLE job_ids DROP COLUMN recurring;
  ALTER TABLE job_ids DROP COLUMN model;
  ALTER TABLE job_ids DROP COLUMN enabled;
  ALTER TABLE job_ids DROP COLUMN state;
  ALTER TABLE job_ids DROP COLUMN fault;
  ALTER TABLE job_ids DROP COLUMN running;
  ALTER TABLE job_ids DROP COLUMN repeat_limit;
  ALTER TABLE job_ids DROP COLUMN completed_runs;
  ALTER TABLE job_ids DROP COLUMN skipped_runs;
  ALTER TABLE job_ids DROP COLUMN next_run_at;
  ALTER TABLE job_ids DROP COLUMN created_at;
  ALTER TABLE job_ids DROP COLUMN settled_until;
  ALTER TABLE job_ids DROP COLUMN run_count;
  ALTER TABLE job_ids DROP COLUMN revision;
  CREATE TABLE deleted_jobs (id TEXT PRIMARY KEY REFERENCES job_ids (id) ON DELETE CASCADE) STRICT, WITHOUT ROWID;

  CREATE TRIGGER job_id_inserted AFTER INSERT ON jobs BEGIN
    INSERT INTO job_ids VALUES (new.id);
  END;
  CREATE TRIGGER job_runs_queued AFTER DELETE ON jobs BEGIN
    INSERT INTO deleted_jobs SELECT old.id WHERE EXISTS (SELECT 1 FROM job_runs WHERE job_id = old.id);
    DELETE FROM job_ids WHERE id = old.id AND NOT EXISTS (SELECT 1 FROM deleted_jobs WHERE id = old.id);
  END;
  CREATE TRIGGER job_key_released AFTER DELETE ON jobs BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;

  PRAGMA legacy_alter_table = OFF;
`
