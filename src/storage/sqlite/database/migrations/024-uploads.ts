/** Files that clients have uploaded and may send with messages. Each one keeps its blob until it is deleted. */
export const migration024 = `
  CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL, -- of its blob
    media_type TEXT NOT NULL,
    name TEXT,
    size INTEGER NOT NULL, -- bytes
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX uploads_by_hash ON uploads (hash);
  CREATE INDEX uploads_by_time ON uploads (created_at);
`
