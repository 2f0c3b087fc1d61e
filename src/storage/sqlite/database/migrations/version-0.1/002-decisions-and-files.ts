/** Released: this text never changes. */
export const migration002 = `
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
  `
