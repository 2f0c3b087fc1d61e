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
