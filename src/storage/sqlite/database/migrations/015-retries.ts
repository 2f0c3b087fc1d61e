/**
 * Retries stay in their conversation, and copies of messages name their originals. `sessions.retry_of` is the user's message
 * whose turn a session tries again, `takes_place_of` the session whose place it takes; both are null for other sessions.
 * `messages.copy_of` is the first message that a copy was made of, `turn_id` the user's message of the first try of its turn.
 * Ids of Hermes are stored without the profile's namespace.
 */
export const migration015 = `
  ALTER TABLE sessions ADD COLUMN retry_of TEXT; -- a message's id
  ALTER TABLE sessions ADD COLUMN retry_of_origin TEXT;
  ALTER TABLE sessions ADD COLUMN takes_place_of TEXT; -- a session's id
  ALTER TABLE sessions ADD COLUMN takes_place_of_origin TEXT;
  CREATE INDEX sessions_by_place ON sessions (takes_place_of) WHERE takes_place_of IS NOT NULL;
  ALTER TABLE conversation_sessions ADD COLUMN is_retry INTEGER NOT NULL DEFAULT 0;

  DROP TRIGGER session_updated;
  CREATE TRIGGER session_updated
  AFTER UPDATE OF
    parent_session_id, takes_place_of, source, started_at, end_reason, last_activity_at, message_count, pinned, archived
  ON sessions
  WHEN
    old.parent_session_id IS NOT new.parent_session_id OR
    old.takes_place_of IS NOT new.takes_place_of OR
    old.source <> new.source OR
    old.started_at <> new.started_at OR
    old.end_reason IS NOT new.end_reason OR
    old.last_activity_at <> new.last_activity_at OR
    old.message_count <> new.message_count OR
    old.pinned <> new.pinned OR
    old.archived <> new.archived
  BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;

  ALTER TABLE messages ADD COLUMN copy_of TEXT;
  ALTER TABLE messages ADD COLUMN turn_id TEXT;
  -- 1: the oldest copy of a message that is gone, which search finds in its place.
  ALTER TABLE messages ADD COLUMN stands_in INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX messages_by_original ON messages (copy_of) WHERE copy_of IS NOT NULL;
  CREATE INDEX messages_by_turn ON messages (turn_id, role, created_at, id)
    WHERE turn_id IS NOT NULL AND (copy_of IS NULL OR stands_in = 1);

  -- Search does not find copies.
  DROP TRIGGER message_inserted;
  DROP TRIGGER message_updated;
  CREATE TRIGGER message_inserted AFTER INSERT ON messages
  WHEN new.role IN ('USER', 'ASSISTANT') AND new.copy_of IS NULL BEGIN
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384);
  END;
  CREATE TRIGGER message_updated AFTER UPDATE OF parts ON messages
  WHEN new.role IN ('USER', 'ASSISTANT') AND (new.copy_of IS NULL OR new.stands_in = 1) BEGIN
    DELETE FROM message_entries WHERE id = new.id;
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384)
      ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER message_stands_in AFTER UPDATE OF stands_in ON messages
  WHEN new.role IN ('USER', 'ASSISTANT') AND new.stands_in > old.stands_in BEGIN
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384)
      ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER message_does_not_stand_in AFTER UPDATE OF stands_in ON messages
  WHEN new.stands_in < old.stands_in BEGIN
    DELETE FROM message_entries WHERE id = new.id;
    DELETE FROM search_queue WHERE is_long IN (0, 1) AND kind = 'message' AND id = new.id;
  END;
`
