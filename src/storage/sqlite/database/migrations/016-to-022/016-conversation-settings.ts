/**
 * Pins, archive and titles belong to conversations. Each session carries the settings of its conversation; of sessions in
 * one conversation, the greatest version counts. Old sessions get the values that they had, with versions in the order in
 * which a conversation chooses its tip. So a conversation is pinned, or archived, if its tip was. A title counts if a person
 * chose it, unless it is one that Hermes numbered.
 */
export const migration016 = `
  CREATE TABLE conversation_settings (
    session_id TEXT PRIMARY KEY, -- of either origin, without the profile's namespace
    title TEXT, -- null with a version: the title of the root
    title_version INTEGER NOT NULL, -- 0: nobody has set it
    pinned INTEGER NOT NULL,
    pinned_version INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    archived_version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Sessions whose settings have changed, which the conversation index must look at.
  CREATE TABLE pending_settings (session_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TRIGGER conversation_settings_inserted AFTER INSERT ON conversation_settings BEGIN
    INSERT INTO pending_settings VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER conversation_settings_updated AFTER UPDATE ON conversation_settings BEGIN
    INSERT INTO pending_settings VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;

  INSERT INTO conversation_settings
  SELECT
    id,
    CASE WHEN is_given THEN title END,
    CASE WHEN is_given THEN version ELSE 0 END,
    pinned,
    version,
    archived,
    version
  FROM (
    SELECT
      *,
      row_number() OVER (
        ORDER BY CASE WHEN message_count > 0 THEN last_activity_at ELSE -1 END, started_at, id
      ) AS version,
      title IS NOT NULL AND title_source = 'PERSON' AND NOT (
        title GLOB '* #[0-9]*' AND title IN (SELECT title FROM sessions WHERE parent_origin = 'HERMES')
      ) AS is_given
    FROM sessions
  )
  -- Those that are in a conversation with others. Where there are forks, that may be any: old retries are still forks.
  WHERE pinned <> 0 OR archived <> 0 OR parent_session_id IS NOT NULL
    OR id IN (SELECT parent_session_id FROM sessions)
    OR EXISTS (SELECT 1 FROM sessions WHERE forked_from IS NOT NULL);
  INSERT INTO change_sequences SELECT 'conversation_settings', count(*) FROM sessions;

  -- 8 is archived, 16 is pinned: the index takes both from the settings. default_flags: what counts without settings.
  UPDATE conversation_sessions SET flags = flags & ~24 WHERE flags & 24 <> 0;
  UPDATE conversations SET flags = flags & ~24 WHERE flags & 24 <> 0;
  ALTER TABLE conversation_sessions ADD COLUMN default_flags INTEGER NOT NULL DEFAULT 0;

  DROP TRIGGER session_updated;
  ALTER TABLE sessions DROP COLUMN pinned;
  ALTER TABLE sessions DROP COLUMN archived;
  CREATE TRIGGER session_updated
  AFTER UPDATE OF parent_session_id, takes_place_of, source, started_at, end_reason, last_activity_at, message_count
  ON sessions
  WHEN
    old.parent_session_id IS NOT new.parent_session_id OR
    old.takes_place_of IS NOT new.takes_place_of OR
    old.source <> new.source OR
    old.started_at <> new.started_at OR
    old.end_reason IS NOT new.end_reason OR
    old.last_activity_at <> new.last_activity_at OR
    old.message_count <> new.message_count
  BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
`
