/**
 * Read marks are settings of a conversation, and the conversation index holds what a conversation wants of a person. No
 * session of an old database is unread until a new answer ends: what is older than read_marks_start counts as read where
 * there is no mark.
 */
export const migration026 = `
  CREATE TABLE read_marks_start (at INTEGER NOT NULL) STRICT; -- one row
  INSERT INTO read_marks_start VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER));

  ALTER TABLE conversation_settings ADD COLUMN read_at INTEGER; -- null: never marked
  CREATE INDEX conversation_settings_with_title ON conversation_settings (session_id) WHERE title IS NOT NULL;
  CREATE INDEX conversation_settings_with_flags ON conversation_settings (session_id)
    WHERE pinned_version > 0 OR archived_version > 0;

  -- When the newest answer of the session ended, and whether it failed.
  ALTER TABLE sessions ADD COLUMN answered_at INTEGER;
  ALTER TABLE sessions ADD COLUMN answer_failed INTEGER NOT NULL DEFAULT 0;
  UPDATE sessions SET answered_at = newest.at, answer_failed = newest.status = 'FAILED' FROM (
    SELECT session_id, max(finished_at) AS at, status FROM streams
    WHERE finished_at IS NOT NULL AND (message_id IS NOT NULL OR status <> 'CANCELLED') GROUP BY session_id
  ) AS newest WHERE newest.session_id = sessions.id;

  ALTER TABLE conversation_sessions ADD COLUMN live_attention INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE conversation_sessions ADD COLUMN answered_at INTEGER;
  ALTER TABLE conversation_sessions ADD COLUMN answer_failed INTEGER NOT NULL DEFAULT 0;
  UPDATE conversation_sessions SET answered_at = sessions.answered_at, answer_failed = sessions.answer_failed
    FROM sessions WHERE sessions.id = conversation_sessions.id AND sessions.answered_at IS NOT NULL;
  CREATE INDEX conversation_sessions_by_attention ON conversation_sessions (root_id, live_attention)
    WHERE live_attention > 0;
  CREATE INDEX conversation_sessions_by_answer ON conversation_sessions (root_id, answered_at)
    WHERE root_id <> id AND answered_at IS NOT NULL;
  ALTER TABLE conversations ADD COLUMN attention_session_id TEXT;

  CREATE INDEX pending_decisions_of_session ON decisions (session_id, kind) WHERE state = 'PENDING';
  INSERT INTO pending_sessions
    SELECT session_id FROM streams WHERE finished_at IS NULL
    UNION SELECT session_id FROM decisions WHERE state = 'PENDING'
    ON CONFLICT DO NOTHING;
  CREATE TRIGGER stream_inserted AFTER INSERT ON streams WHEN new.finished_at IS NULL BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER stream_status_updated AFTER UPDATE OF status ON streams WHEN old.status <> new.status BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER decision_inserted AFTER INSERT ON decisions WHEN new.state = 'PENDING' BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER decision_state_updated AFTER UPDATE OF state ON decisions WHEN old.state <> new.state BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_answered AFTER UPDATE OF answered_at, answer_failed ON sessions
  WHEN old.answered_at IS NOT new.answered_at OR old.answer_failed <> new.answer_failed BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
`
