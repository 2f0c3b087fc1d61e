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

  -- Which sessions are retries: those that begin without a copy of the user's message that they were made from, and whose first
  -- own message was written together with them. A session that was forked after a withdrawn message begins without a copy of it
  -- too, and messages of Hermes are not in this database: there, the two times tell. A call of forkSession may have left a key.
  CREATE TABLE old_retries AS
    SELECT fork.id, fork.forked_from AS retry_of, fork.forked_from_origin AS origin, own.id AS user_message_id,
      CASE fork.forked_from_origin WHEN 'SEGUE' THEN source.session_id
        ELSE rtrim(rtrim(fork.forked_from, '0123456789'), ':') END AS source_session_id
    FROM sessions AS fork
    JOIN messages AS own ON own.session_id = fork.id AND own.position = 2 AND own.role = 'USER'
    LEFT JOIN messages AS source ON source.id = fork.forked_from
    WHERE fork.forked_from IS NOT NULL
      AND own.rowid = coalesce((SELECT max(rowid) + 1 FROM messages WHERE session_id = fork.id AND position < 0), own.rowid)
      AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE created_id = fork.id)
      AND CASE
        WHEN fork.forked_from_origin = 'HERMES' OR source.withdrawn = 1 THEN own.created_at - fork.started_at BETWEEN 0 AND 1
          AND NOT EXISTS (SELECT 1 FROM messages WHERE session_id = fork.id AND position = -1 AND role = 'USER')
        ELSE source.role = 'USER' AND source.kind IS NULL AND NOT EXISTS (
          SELECT 1 FROM messages AS copy WHERE copy.session_id = fork.id AND copy.position < 0
            AND copy.role = 'USER' AND copy.created_at = source.created_at AND copy.parts = source.parts)
      END;
  CREATE UNIQUE INDEX old_retries_by_id ON old_retries (id);
  CREATE UNIQUE INDEX old_retries_by_user_message ON old_retries (user_message_id);
  UPDATE sessions SET
    retry_of = forked_from,
    retry_of_origin = forked_from_origin,
    forked_from = NULL,
    forked_from_origin = NULL,
    -- A retry of a retry takes the place that the other one takes.
    takes_place_of = (
      WITH RECURSIVE above (id, hops) AS (
        SELECT source_session_id, 0 FROM old_retries WHERE old_retries.id = sessions.id
        UNION ALL
        SELECT source_session_id, hops + 1 FROM above JOIN old_retries ON old_retries.id = above.id WHERE hops < 1000
      )
      SELECT id FROM above ORDER BY hops DESC LIMIT 1
    )
  WHERE id IN (SELECT id FROM old_retries);
  UPDATE sessions SET takes_place_of_origin =
    CASE WHEN length(takes_place_of) = 30 AND takes_place_of GLOB 'ses_[0-7]*' THEN 'SEGUE' ELSE 'HERMES' END
  WHERE takes_place_of IS NOT NULL;

  -- The originals of copies: the messages of the session that was copied, and of those that it continues, with the same role,
  -- time and parts. Tool calls have other ids in copies, and the parts of a very long answer are in its log only.
  CREATE TABLE old_copied_sessions AS
    WITH RECURSIVE copied (copy_session_id, session_id, hops) AS (
      SELECT sessions.id, source.session_id, 0
      FROM sessions JOIN messages AS source ON source.id = coalesce(sessions.retry_of, sessions.forked_from)
      UNION ALL
      SELECT copied.copy_session_id, sessions.parent_session_id, hops + 1
      FROM copied JOIN sessions ON sessions.id = copied.session_id
      WHERE sessions.parent_session_id IS NOT NULL AND hops < 1000
    )
    SELECT DISTINCT copy_session_id, session_id FROM copied;
  CREATE INDEX old_messages_by_time ON messages (session_id, created_at);
  CREATE TABLE old_copies AS
    SELECT copy.id AS copy_id, original.id AS original_id
    FROM old_copied_sessions AS copied
    CROSS JOIN messages AS copy ON copy.session_id = copied.copy_session_id
    CROSS JOIN messages AS original INDEXED BY old_messages_by_time
      ON original.session_id = copied.session_id AND original.created_at = copy.created_at AND original.role = copy.role
    WHERE copy.position < 0 AND copy.stream_id IS NULL AND (
      original.parts = copy.parts OR original.parts = 'null' OR
      CASE WHEN json_valid(original.parts) AND json_valid(copy.parts) THEN
        (SELECT json_group_array(json_remove(value, '$.call.id')) FROM json_each(original.parts)) =
        (SELECT json_group_array(json_remove(value, '$.call.id')) FROM json_each(copy.parts))
      END);
  DROP INDEX old_messages_by_time;
  CREATE INDEX old_copies_by_copy ON old_copies (copy_id);
  -- What fits several messages fits none.
  CREATE TABLE ambiguous_copies AS SELECT copy_id FROM old_copies GROUP BY copy_id HAVING count(*) > 1;
  INSERT INTO ambiguous_copies
    SELECT copy_id FROM (
      SELECT old_copies.copy_id,
        min(old_copies.copy_id) OVER same_original AS first_id, max(old_copies.copy_id) OVER same_original AS last_id
      FROM old_copies JOIN messages ON messages.id = old_copies.copy_id
      WINDOW same_original AS (PARTITION BY messages.session_id, old_copies.original_id)
    ) WHERE first_id <> last_id;
  DELETE FROM old_copies WHERE copy_id IN (SELECT copy_id FROM ambiguous_copies);
  CREATE INDEX old_copies_by_original ON old_copies (original_id);
  -- A copy of a copy has the original of that one.
  UPDATE messages SET copy_of = first.original_id
  FROM (
    WITH RECURSIVE first (copy_id, original_id) AS (
      SELECT copy_id, original_id FROM old_copies WHERE original_id NOT IN (SELECT copy_id FROM old_copies)
      UNION ALL
      SELECT old_copies.copy_id, first.original_id FROM first JOIN old_copies ON old_copies.original_id = first.copy_id
    )
    SELECT copy_id, original_id FROM first
  ) AS first
  WHERE messages.id = first.copy_id;

  -- The turns of users' messages, then those of answers.
  UPDATE messages SET turn_id = id WHERE role = 'USER' AND kind IS NULL AND copy_of IS NULL;
  UPDATE messages SET turn_id = (
    WITH RECURSIVE tried (id, hops) AS (
      SELECT retry_of, 0 FROM old_retries WHERE user_message_id = messages.id
      UNION ALL
      SELECT coalesce(old_retries.retry_of, source.copy_of), hops + 1
      FROM tried LEFT JOIN messages AS source ON source.id = tried.id LEFT JOIN old_retries ON user_message_id = tried.id
      WHERE hops < 1000 AND coalesce(old_retries.retry_of, source.copy_of) IS NOT NULL
    )
    SELECT id FROM tried ORDER BY hops DESC LIMIT 1
  ) WHERE id IN (SELECT user_message_id FROM old_retries);
  UPDATE messages SET turn_id = (SELECT original.turn_id FROM messages AS original WHERE original.id = messages.copy_of)
  WHERE role = 'USER' AND copy_of IS NOT NULL;
  UPDATE messages SET turn_id = (
    SELECT question.turn_id FROM streams JOIN messages AS question ON question.id = streams.user_message_id
    WHERE streams.id = messages.stream_id
  ) WHERE role = 'ASSISTANT' AND stream_id IS NOT NULL;
  -- Copies of Hermes' messages: the last answer before the next message of the user.
  UPDATE messages SET turn_id = (
    SELECT question.turn_id FROM messages AS question
    WHERE question.session_id = messages.session_id AND question.position < messages.position AND question.role = 'USER'
    ORDER BY question.position DESC LIMIT 1
  ) WHERE role = 'ASSISTANT' AND stream_id IS NULL AND copy_of IS NULL AND kind IS NULL AND coalesce((
    SELECT next.role FROM messages AS next
    WHERE next.session_id = messages.session_id AND next.position > messages.position ORDER BY next.position LIMIT 1
  ), 'USER') <> 'ASSISTANT';
  UPDATE messages SET turn_id = (SELECT original.turn_id FROM messages AS original WHERE original.id = messages.copy_of)
  WHERE role = 'ASSISTANT' AND copy_of IS NOT NULL;

  DELETE FROM message_entries WHERE id IN (SELECT id FROM messages WHERE copy_of IS NOT NULL);
  DELETE FROM search_queue WHERE is_long IN (0, 1) AND kind = 'message'
    AND id IN (SELECT id FROM messages WHERE copy_of IS NOT NULL);
  DROP TABLE old_retries;
  DROP TABLE old_copied_sessions;
  DROP TABLE old_copies;
  DROP TABLE ambiguous_copies;
`
