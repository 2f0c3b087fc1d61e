import { conversationIndexSchema } from '../conversation-index/conversation-index-schema.ts'

/**
 * The schema of a profile's database, one entry a version, forward only: an entry that was released is never changed.
 * Times are milliseconds since the epoch. Columns that hold JSON say so.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    title TEXT,
    source TEXT NOT NULL,
    model TEXT,
    parent_session_id TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    last_activity_at INTEGER NOT NULL,
    message_count INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    head_seq INTEGER NOT NULL DEFAULT 0,
    usage TEXT NOT NULL -- JSON
  ) STRICT;
  CREATE INDEX sessions_by_activity ON sessions (last_activity_at, id);
  CREATE INDEX archived_by_activity ON sessions (archived, last_activity_at, id);
  CREATE INDEX pinned_by_activity ON sessions (pinned, last_activity_at, id);

  CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    position INTEGER, -- null while its turn has not come
    withdrawn INTEGER NOT NULL DEFAULT 0,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    parts TEXT NOT NULL, -- JSON
    created_at INTEGER NOT NULL,
    stream_id TEXT,
    model TEXT,
    usage TEXT, -- JSON
    UNIQUE (session_id, position)
  ) STRICT;

  CREATE TABLE streams (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    generation INTEGER NOT NULL,
    model TEXT NOT NULL,
    user_message_id TEXT NOT NULL,
    message_id TEXT,
    usage TEXT NOT NULL, -- JSON
    step TEXT, -- JSON
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    error TEXT, -- JSON
    key TEXT UNIQUE,
    fingerprint TEXT
  ) STRICT;
  CREATE INDEX streams_of_session ON streams (session_id);
  -- One stream holds a session; the few that live are found without a look at the many that ended.
  CREATE UNIQUE INDEX active_streams ON streams (session_id) WHERE status IN ('RUNNING', 'WAITING');
  CREATE INDEX unfinished_streams ON streams (id) WHERE finished_at IS NULL;

  CREATE TABLE events (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    stream_id TEXT,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL, -- of the form of body
    body TEXT NOT NULL, -- JSON
    PRIMARY KEY (session_id, seq)
  ) STRICT, WITHOUT ROWID;
  -- A stream ends once, whatever the code above does.
  CREATE UNIQUE INDEX one_end ON events (stream_id) WHERE type = 'StreamFinished';
  `,
  `
  ALTER TABLE sessions ADD COLUMN title_source TEXT;
  UPDATE sessions SET title_source = 'PERSON' WHERE title IS NOT NULL;
  ALTER TABLE sessions ADD COLUMN forked_from TEXT; -- a message's id, of either origin
  -- What a client calls the compaction that made the session, and the digest of what it asked for.
  ALTER TABLE sessions ADD COLUMN key TEXT;
  ALTER TABLE sessions ADD COLUMN fingerprint TEXT;
  CREATE UNIQUE INDEX sessions_by_key ON sessions (key) WHERE key IS NOT NULL;
  CREATE INDEX sessions_by_parent ON sessions (parent_session_id) WHERE parent_session_id IS NOT NULL;

  ALTER TABLE messages ADD COLUMN summary INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    change INTEGER NOT NULL, -- the number of its newest change, over all decisions, and never used again
    body TEXT NOT NULL -- JSON
  ) STRICT;
  CREATE TABLE decision_changes (newest INTEGER NOT NULL) STRICT;
  INSERT INTO decision_changes VALUES (0);
  CREATE INDEX decisions_of_session ON decisions (session_id);
  CREATE UNIQUE INDEX decisions_by_change ON decisions (change);
  CREATE INDEX decisions_of_kind ON decisions (kind, change);
  CREATE INDEX pending_decisions ON decisions (kind, change) WHERE state = 'PENDING';

  -- Tools that need not ask any more: in one session, or in the whole profile.
  CREATE TABLE grants (
    session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
    tool TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX grants_by_tool ON grants (tool, coalesce(session_id, ''));
  CREATE INDEX grants_of_session ON grants (session_id) WHERE session_id IS NOT NULL;

  -- Which sessions refer to which of the files that are kept beside the database.
  CREATE TABLE files (
    hash TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    PRIMARY KEY (hash, session_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX files_of_session ON files (session_id);
  `,
  `
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
  `,
  `
  ${conversationIndexSchema}

  -- Sessions that the index has to look at again, whoever wrote to them.
  CREATE TABLE touched (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  INSERT INTO touched SELECT id FROM sessions;
  CREATE TRIGGER session_inserted AFTER INSERT ON sessions BEGIN
    INSERT INTO touched VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
    INSERT INTO touched VALUES (old.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_updated
  AFTER UPDATE OF
    parent_session_id, source, started_at, end_reason, last_activity_at, message_count, pinned, archived ON sessions
  WHEN
    old.parent_session_id IS NOT new.parent_session_id OR
    old.source <> new.source OR
    old.started_at <> new.started_at OR
    old.end_reason IS NOT new.end_reason OR
    old.last_activity_at <> new.last_activity_at OR
    old.message_count <> new.message_count OR
    old.pinned <> new.pinned OR
    old.archived <> new.archived
  BEGIN
    INSERT INTO touched VALUES (new.id) ON CONFLICT DO NOTHING;
  END;

  -- Sessions whose conversation goes on into Hermes', or did: whoever reads Hermes follows them by their changes.
  CREATE TABLE abroad (
    id TEXT PRIMARY KEY,
    change INTEGER NOT NULL -- the number of its newest change, over all of them
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX abroad_by_change ON abroad (change);

  -- What is listed is listed by the index.
  DROP INDEX sessions_by_activity;
  DROP INDEX archived_by_activity;
  DROP INDEX pinned_by_activity;
  `,
  `
  -- The text of messages and titles, folded. What an entry is of is told beside it. Its rowid here is 2 ** 41 less its
  -- number there, so that the newest comes first: FTS5 reads forwards much faster than backwards.
  CREATE VIRTUAL TABLE message_index USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii');
  CREATE VIRTUAL TABLE title_index USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii');
  -- Small pages: a commit merges so many of them at once, whatever their size.
  INSERT INTO message_index (message_index, rank) VALUES ('pgsz', 256);
  INSERT INTO title_index (title_index, rank) VALUES ('pgsz', 256);

  CREATE TABLE message_entries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL, -- the message's
    at INTEGER NOT NULL, -- no less than that of any smaller number
    is_stretch INTEGER NOT NULL DEFAULT 0 -- one of several of its message, with numbers next to each other
  ) STRICT;
  CREATE INDEX entries_of_message ON message_entries (id);
  CREATE TABLE title_entries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL, -- the session's
    at INTEGER NOT NULL -- no less than that of any smaller number
  ) STRICT;
  CREATE INDEX entries_of_session ON title_entries (id);

  -- What came in and is not in the index yet. A commit takes in at once what is not too long.
  CREATE TABLE unindexed (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    is_long INTEGER NOT NULL,
    PRIMARY KEY (is_long, kind, id)
  ) STRICT, WITHOUT ROWID;
  -- What was there before there was an index: all with a smaller id is still to be taken in.
  CREATE TABLE unindexed_before (kind TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO unindexed_before SELECT 'message', max(id) || '~' FROM messages HAVING max(id) IS NOT NULL;
  INSERT INTO unindexed_before SELECT 'title', max(id) || '~' FROM sessions HAVING max(id) IS NOT NULL;

  CREATE TRIGGER message_came AFTER INSERT ON messages WHEN new.role IN ('USER', 'ASSISTANT') BEGIN
    INSERT INTO unindexed VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384);
  END;
  CREATE TRIGGER message_changed AFTER UPDATE OF parts ON messages WHEN new.role IN ('USER', 'ASSISTANT') BEGIN
    DELETE FROM message_entries WHERE id = new.id;
    INSERT INTO unindexed VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384)
      ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER message_went AFTER DELETE ON messages BEGIN
    DELETE FROM message_entries WHERE id = old.id;
    DELETE FROM unindexed WHERE is_long IN (0, 1) AND kind = 'message' AND id = old.id;
  END;
  CREATE TRIGGER message_entry_went AFTER DELETE ON message_entries BEGIN
    DELETE FROM message_index WHERE rowid = 2199023255552 - old.number;
  END;
  CREATE TRIGGER title_came AFTER INSERT ON sessions WHEN new.title IS NOT NULL BEGIN
    INSERT INTO unindexed VALUES ('title', new.id, 0);
  END;
  CREATE TRIGGER title_changed AFTER UPDATE OF title ON sessions WHEN new.title IS NOT old.title BEGIN
    DELETE FROM title_entries WHERE id = new.id;
    INSERT INTO unindexed VALUES ('title', new.id, 0) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER title_went AFTER DELETE ON sessions BEGIN
    DELETE FROM title_entries WHERE id = old.id;
    DELETE FROM unindexed WHERE is_long = 0 AND kind = 'title' AND id = old.id;
  END;
  CREATE TRIGGER title_entry_went AFTER DELETE ON title_entries BEGIN
    DELETE FROM title_index WHERE rowid = 2199023255552 - old.number;
  END;
  `,
]
