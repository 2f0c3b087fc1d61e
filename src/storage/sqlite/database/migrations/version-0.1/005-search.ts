/** Released: this text never changes. */
export const migration005 = `
  -- The text of messages and titles, folded. What an entry is of is told beside it. Its rowid here is 2 ** 41 less its
  -- number there, so that the newest comes first: FTS5 reads forwards much faster than backwards.
  CREATE VIRTUAL TABLE message_index USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii');
  CREATE VIRTUAL TABLE title_index USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii');
  -- Small pages: a commit merges so many of them at once, whatever their size.
  INSERT INTO message_index (message_index, rank) VALUES ('pgsz', 256);
  INSERT INTO title_index (title_index, rank) VALUES ('pgsz', 256);

  CREATE TABLE message_entries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL, -- the message's
    at INTEGER NOT NULL, -- no less than that of any smaller number
    is_stretch INTEGER NOT NULL DEFAULT 0 -- one of several of its message, with numbers next to each other
  ) STRICT;
  CREATE INDEX entries_of_message ON message_entries (id);
  CREATE TABLE title_entries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL, -- the session's
    at INTEGER NOT NULL -- no less than that of any smaller number
  ) STRICT;
  CREATE INDEX entries_of_session ON title_entries (id);

  -- What came in and is not in the index yet. A commit takes in at once what is not too long.
  CREATE TABLE unindexed (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    is_long INTEGER NOT NULL,
    PRIMARY KEY (is_long, kind, id)
  ) STRICT, WITHOUT ROWID;
  -- What was there before there was an index: all with a smaller id is still to be taken in.
  CREATE TABLE unindexed_before (kind TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO unindexed_before SELECT 'message', max(id) || '~' FROM messages HAVING max(id) IS NOT NULL;
  INSERT INTO unindexed_before SELECT 'title', max(id) || '~' FROM sessions HAVING max(id) IS NOT NULL;

  CREATE TRIGGER message_came AFTER INSERT ON messages WHEN new.role IN ('USER', 'ASSISTANT') BEGIN
    INSERT INTO unindexed VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384);
  END;
  CREATE TRIGGER message_changed AFTER UPDATE OF parts ON messages WHEN new.role IN ('USER', 'ASSISTANT') BEGIN
    DELETE FROM message_entries WHERE id = new.id;
    INSERT INTO unindexed VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384)
      ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER message_went AFTER DELETE ON messages BEGIN
    DELETE FROM message_entries WHERE id = old.id;
    DELETE FROM unindexed WHERE is_long IN (0, 1) AND kind = 'message' AND id = old.id;
  END;
  CREATE TRIGGER message_entry_went AFTER DELETE ON message_entries BEGIN
    DELETE FROM message_index WHERE rowid = 2199023255552 - old.number;
  END;
  CREATE TRIGGER title_came AFTER INSERT ON sessions WHEN new.title IS NOT NULL BEGIN
    INSERT INTO unindexed VALUES ('title', new.id, 0);
  END;
  CREATE TRIGGER title_changed AFTER UPDATE OF title ON sessions WHEN new.title IS NOT old.title BEGIN
    DELETE FROM title_entries WHERE id = new.id;
    INSERT INTO unindexed VALUES ('title', new.id, 0) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER title_went AFTER DELETE ON sessions BEGIN
    DELETE FROM title_entries WHERE id = old.id;
    DELETE FROM unindexed WHERE is_long = 0 AND kind = 'title' AND id = old.id;
  END;
  CREATE TRIGGER title_entry_went AFTER DELETE ON title_entries BEGIN
    DELETE FROM title_index WHERE rowid = 2199023255552 - old.number;
  END;
  `
