/**
 * Renames tables, triggers and indexes; numbers the changes of all feeds in one table; stores the ids of Hermes' sessions
 * and messages without the profile's namespace, next to their origin. `id_namespace()` is what earlier versions wrote
 * before those ids: empty in the default profile. It is stripped whatever name the folder has had.
 */
export const migration006 = `
  DROP TRIGGER session_inserted;
  DROP TRIGGER session_deleted;
  DROP TRIGGER session_updated;
  DROP TRIGGER message_came;
  DROP TRIGGER message_changed;
  DROP TRIGGER message_went;
  DROP TRIGGER message_entry_went;
  DROP TRIGGER title_came;
  DROP TRIGGER title_changed;
  DROP TRIGGER title_went;
  DROP TRIGGER title_entry_went;

  -- The conversation index: the sessions of each conversation, and one summary per conversation.
  ALTER TABLE segments RENAME TO conversation_sessions;
  ALTER TABLE conversation_sessions RENAME COLUMN facet TO flags;
  DROP INDEX segments_by_activity;
  DROP INDEX segments_by_claim;
  DROP INDEX segments_by_message;
  DROP INDEX segments_by_start;
  CREATE INDEX conversation_sessions_by_activity ON conversation_sessions (flags, activity_at, id);
  CREATE INDEX conversation_sessions_by_parent ON conversation_sessions (continues) WHERE continues IS NOT NULL;
  -- Most conversations have a single session: neither index contains roots.
  CREATE INDEX conversation_sessions_by_message ON conversation_sessions (root_id, message_at, started_at)
    WHERE root_id <> id;
  CREATE INDEX conversation_sessions_by_start ON conversation_sessions (root_id, started_at, depth)
    WHERE root_id <> id;
  ALTER TABLE conversations RENAME COLUMN facet TO flags;

  -- Sessions whose children must be placed again, beginning after after_id.
  ALTER TABLE unplaced RENAME TO pending_children;
  -- Sessions whose root was computed while one of their ancestors was still pending.
  ALTER TABLE doubtful RENAME TO pending_rechecks;

  -- Sessions that the conversation index must look at again.
  ALTER TABLE touched RENAME TO pending_sessions;
  CREATE TRIGGER session_inserted AFTER INSERT ON sessions BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
    INSERT INTO pending_sessions VALUES (old.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_updated
  AFTER UPDATE OF
    parent_session_id, source, started_at, end_reason, last_activity_at, message_count, pinned, archived ON sessions
  WHEN
    old.parent_session_id IS NOT new.parent_session_id OR
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

  -- Change feed: sessions whose conversation also has Hermes sessions, or had.
  ALTER TABLE abroad RENAME TO cross_origin_changes;
  DROP INDEX abroad_by_change;
  CREATE UNIQUE INDEX cross_origin_changes_by_change ON cross_origin_changes (change);

  -- The number of the latest change of each feed. Numbers are never used again.
  CREATE TABLE change_sequences (feed TEXT PRIMARY KEY, latest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO change_sequences SELECT 'decisions', newest FROM decision_changes;
  INSERT INTO change_sequences SELECT 'job_runs', coalesce(max(change), 0) FROM job_runs;
  INSERT INTO change_sequences SELECT 'cross_origin', coalesce(max(change), 0) FROM cross_origin_changes;
  DROP TABLE decision_changes;

  -- Which sessions refer to which blobs.
  ALTER TABLE files RENAME TO blob_references;
  DROP INDEX files_of_session;
  CREATE INDEX blob_references_of_session ON blob_references (session_id);

  -- The search index.
  ALTER TABLE unindexed RENAME TO search_queue;
  ALTER TABLE unindexed_before RENAME TO search_backfill;
  ALTER TABLE message_entries RENAME COLUMN is_stretch TO is_passage;
  CREATE TRIGGER message_inserted AFTER INSERT ON messages WHEN new.role IN ('USER', 'ASSISTANT') BEGIN
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384);
  END;
  CREATE TRIGGER message_updated AFTER UPDATE OF parts ON messages WHEN new.role IN ('USER', 'ASSISTANT') BEGIN
    DELETE FROM message_entries WHERE id = new.id;
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384)
      ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER message_deleted AFTER DELETE ON messages BEGIN
    DELETE FROM message_entries WHERE id = old.id;
    DELETE FROM search_queue WHERE is_long IN (0, 1) AND kind = 'message' AND id = old.id;
  END;
  CREATE TRIGGER message_entry_deleted AFTER DELETE ON message_entries BEGIN
    DELETE FROM message_index WHERE rowid = 2199023255552 - old.number;
  END;
  CREATE TRIGGER title_inserted AFTER INSERT ON sessions WHEN new.title IS NOT NULL BEGIN
    INSERT INTO search_queue VALUES ('title', new.id, 0);
  END;
  CREATE TRIGGER title_updated AFTER UPDATE OF title ON sessions WHEN new.title IS NOT old.title BEGIN
    DELETE FROM title_entries WHERE id = new.id;
    INSERT INTO search_queue VALUES ('title', new.id, 0) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER title_deleted AFTER DELETE ON sessions BEGIN
    DELETE FROM title_entries WHERE id = old.id;
    DELETE FROM search_queue WHERE is_long = 0 AND kind = 'title' AND id = old.id;
  END;
  CREATE TRIGGER title_entry_deleted AFTER DELETE ON title_entries BEGIN
    DELETE FROM title_index WHERE rowid = 2199023255552 - old.number;
  END;

  -- 'SEGUE' or 'HERMES': whose id is in the column next to it. Null where that is null.
  ALTER TABLE sessions ADD COLUMN parent_origin TEXT;
  ALTER TABLE sessions ADD COLUMN forked_from_origin TEXT;
  UPDATE sessions SET parent_origin = CASE
    WHEN length(parent_session_id) = 30 AND parent_session_id GLOB 'ses_[0-7]*' THEN 'SEGUE' ELSE 'HERMES' END
  WHERE parent_session_id IS NOT NULL;
  UPDATE sessions SET forked_from_origin = CASE
    WHEN length(forked_from) = 30 AND forked_from GLOB 'msg_[0-7]*' THEN 'SEGUE' ELSE 'HERMES' END
  WHERE forked_from IS NOT NULL;
  UPDATE sessions SET parent_session_id = substr(parent_session_id, instr(parent_session_id, '@') + 1)
  WHERE parent_origin = 'HERMES' AND id_namespace() <> '';
  UPDATE sessions SET forked_from = substr(forked_from, instr(forked_from, '@') + 1)
  WHERE forked_from_origin = 'HERMES' AND id_namespace() <> '';
`
