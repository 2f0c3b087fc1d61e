/** Empties the search index, because texts are normalized differently now. Everything is indexed again in the background. */
export const migration007 = `
  -- The entries are deleted without their trigger: it would delete each text by itself.
  DROP TRIGGER message_entry_deleted;
  DROP TRIGGER title_entry_deleted;
  DELETE FROM message_entries;
  DELETE FROM title_entries;
  INSERT INTO message_index (message_index) VALUES ('delete-all');
  INSERT INTO title_index (title_index) VALUES ('delete-all');
  CREATE TRIGGER message_entry_deleted AFTER DELETE ON message_entries BEGIN
    DELETE FROM message_index WHERE rowid = 2199023255552 - old.number;
  END;
  CREATE TRIGGER title_entry_deleted AFTER DELETE ON title_entries BEGIN
    DELETE FROM title_index WHERE rowid = 2199023255552 - old.number;
  END;

  DELETE FROM search_queue;
  DELETE FROM search_backfill;
  INSERT INTO search_backfill SELECT 'message', max(id) || '~' FROM messages HAVING max(id) IS NOT NULL;
  INSERT INTO search_backfill SELECT 'title', max(id) || '~' FROM sessions HAVING max(id) IS NOT NULL;
`
