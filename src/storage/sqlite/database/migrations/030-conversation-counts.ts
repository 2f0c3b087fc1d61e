/**
 * How many conversations have each value of `flags`. Triggers keep the numbers, in the transaction of what changes them:
 * counting the conversations of a large home would take as long as reading the list.
 */
export const migration030 = `
  CREATE TABLE conversation_counts (
    flags INTEGER PRIMARY KEY,
    conversation_count INTEGER NOT NULL
  ) STRICT;
  INSERT INTO conversation_counts SELECT flags, count(*) FROM conversations GROUP BY flags;

  CREATE TRIGGER conversation_inserted AFTER INSERT ON conversations BEGIN
    INSERT INTO conversation_counts VALUES (new.flags, 1)
      ON CONFLICT (flags) DO UPDATE SET conversation_count = conversation_count + 1;
  END;
  CREATE TRIGGER conversation_flags_updated AFTER UPDATE OF flags ON conversations WHEN old.flags <> new.flags BEGIN
    UPDATE conversation_counts SET conversation_count = conversation_count - 1 WHERE flags = old.flags;
    DELETE FROM conversation_counts WHERE flags = old.flags AND conversation_count = 0;
    INSERT INTO conversation_counts VALUES (new.flags, 1)
      ON CONFLICT (flags) DO UPDATE SET conversation_count = conversation_count + 1;
  END;
  CREATE TRIGGER conversation_deleted AFTER DELETE ON conversations BEGIN
    UPDATE conversation_counts SET conversation_count = conversation_count - 1 WHERE flags = old.flags;
    DELETE FROM conversation_counts WHERE flags = old.flags AND conversation_count = 0;
  END;
`
