/**
 * Gives idempotency keys a table of their own, because any mutation may have one. The keys of streams and of compactions
 * move there with their fingerprints. Their old columns stay and are empty: SQLite cannot drop a UNIQUE column.
 */
export const migration009 = `
  CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL, -- of the field and its arguments
    created_id TEXT, -- what the call created; null if that was nothing, or was deleted
    outcome TEXT,
    pending INTEGER NOT NULL, -- 1 while a call of several transactions is not complete
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX idempotency_keys_by_created_id ON idempotency_keys (created_id) WHERE created_id IS NOT NULL;
  -- A key is kept as long as what its call created.
  CREATE INDEX prunable_idempotency_keys ON idempotency_keys (created_at) WHERE created_id IS NULL;

  INSERT OR IGNORE INTO idempotency_keys
    SELECT key, fingerprint, id, NULL, 0, started_at FROM streams WHERE key IS NOT NULL AND fingerprint IS NOT NULL;
  INSERT OR IGNORE INTO idempotency_keys
    SELECT key, fingerprint, id, NULL, 0, started_at FROM sessions WHERE key IS NOT NULL AND fingerprint IS NOT NULL;
  UPDATE streams SET key = NULL, fingerprint = NULL WHERE key IS NOT NULL;
  DROP INDEX sessions_by_key;
  UPDATE sessions SET key = NULL, fingerprint = NULL WHERE key IS NOT NULL;

  CREATE TRIGGER session_key_released AFTER DELETE ON sessions BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;
  CREATE TRIGGER stream_key_released AFTER DELETE ON streams BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;
  CREATE TRIGGER job_key_released AFTER DELETE ON jobs BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;
  CREATE TRIGGER job_run_key_released AFTER DELETE ON job_runs BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;
`
