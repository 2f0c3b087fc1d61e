/**
 * Summaries that stand for the earlier messages of a session in requests to a model: one per session, the newest. `quotes`
 * and `usage` are JSON, and so is `messages.summary_context`: what a summary message holds beyond its text. Old summary
 * messages have none.
 */
export const migration012 = `
  CREATE TABLE context_checkpoints (
    session_id TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    quotes TEXT NOT NULL,
    through_message_id TEXT,
    model TEXT NOT NULL,
    usage TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  ALTER TABLE messages ADD COLUMN summary_context TEXT;
`
