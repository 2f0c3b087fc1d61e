/** Released: this text never changes. */
export const migration001 = `
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
  `
