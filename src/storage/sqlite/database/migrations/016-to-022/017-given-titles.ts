/**
 * Search finds a conversation by the title that a person gave it. Each session that carries the title has an entry for it,
 * beside the one for its own title; a search uses the entry of the tip.
 */
export const migration017 = `
  ALTER TABLE title_entries ADD COLUMN is_given INTEGER NOT NULL DEFAULT 0; -- 1: the title given to its conversation

  CREATE TRIGGER given_title_inserted AFTER INSERT ON conversation_settings WHEN new.title IS NOT NULL BEGIN
    INSERT INTO search_queue SELECT 'title', new.session_id, 0 WHERE EXISTS (SELECT 1 FROM sessions WHERE id = new.session_id)
      ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER given_title_updated AFTER UPDATE OF title ON conversation_settings WHEN new.title IS NOT old.title BEGIN
    DELETE FROM title_entries WHERE id = new.session_id AND is_given = 1;
    INSERT INTO search_queue SELECT 'title', new.session_id, 0 WHERE EXISTS (SELECT 1 FROM sessions WHERE id = new.session_id)
      ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER given_title_deleted AFTER DELETE ON conversation_settings WHEN old.title IS NOT NULL BEGIN
    DELETE FROM title_entries WHERE id = old.session_id AND is_given = 1;
  END;

  -- Those that were given before.
  INSERT INTO search_queue
  SELECT 'title', settings.session_id, 0 FROM conversation_settings AS settings
  JOIN sessions ON sessions.id = settings.session_id
  WHERE settings.title IS NOT NULL AND settings.title IS NOT sessions.title
  ON CONFLICT DO NOTHING;
`
