/**
 * If the session whose place retries take is gone, as when Hermes has pruned it, the oldest of them has the place. The
 * conversation index holds both links of a retry: the session whose place it takes, and the one that it continues then.
 */
export const migration022 = `
  ALTER TABLE conversation_sessions ADD COLUMN takes_place_of TEXT;
  UPDATE conversation_sessions SET takes_place_of = continues, continues = NULL WHERE is_retry = 1;
  ALTER TABLE conversation_sessions DROP COLUMN is_retry;
  CREATE INDEX conversation_sessions_by_place ON conversation_sessions (takes_place_of, started_at)
    WHERE takes_place_of IS NOT NULL;
  DROP INDEX sessions_by_place;
  CREATE INDEX sessions_by_place ON sessions (takes_place_of, started_at, id) WHERE takes_place_of IS NOT NULL;

  -- Retries of one session that is gone belong to one conversation now.
  INSERT INTO pending_children (parent_id, after_id, relinked)
  SELECT DISTINCT takes_place_of, '', 1 FROM conversation_sessions WHERE takes_place_of IS NOT NULL
  ON CONFLICT (parent_id) DO UPDATE SET after_id = '', relinked = 1;
`
