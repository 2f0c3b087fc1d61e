/**
 * Tables of the conversation index: which sessions make up each conversation, and the order in which both are listed.
 * Everything in them is derived from the sessions and the settings. The `flags` columns hold `ConversationIndexFlags`.
 */
export const conversationIndexSchema = `
  CREATE TABLE conversation_sessions (
    id TEXT PRIMARY KEY,
    continues TEXT,
    can_be_continued INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    message_at INTEGER,
    activity_at INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    root_id TEXT NOT NULL,
    depth INTEGER,
    default_flags INTEGER NOT NULL DEFAULT 0,
    takes_place_of TEXT,
    live_attention INTEGER NOT NULL DEFAULT 0,
    answered_at INTEGER,
    answer_failed INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversation_sessions_by_activity ON conversation_sessions (flags, activity_at, id);
  CREATE INDEX conversation_sessions_by_time ON conversation_sessions (activity_at, id, flags);
  CREATE INDEX conversation_sessions_by_parent ON conversation_sessions (continues) WHERE continues IS NOT NULL;
  CREATE INDEX conversation_sessions_by_place ON conversation_sessions (takes_place_of, started_at)
    WHERE takes_place_of IS NOT NULL;
  -- Most conversations have a single session: neither index contains roots.
  CREATE INDEX conversation_sessions_by_message ON conversation_sessions (root_id, message_at, started_at)
    WHERE root_id <> id;
  CREATE INDEX conversation_sessions_by_start ON conversation_sessions (root_id, started_at, depth)
    WHERE root_id <> id;
  CREATE INDEX conversation_sessions_by_attention ON conversation_sessions (root_id, live_attention)
    WHERE live_attention > 0;
  CREATE INDEX conversation_sessions_by_answer ON conversation_sessions (root_id, answered_at)
    WHERE root_id <> id AND answered_at IS NOT NULL;

  CREATE TABLE conversations (
    root_id TEXT PRIMARY KEY,
    tip_id TEXT NOT NULL,
    segment_count INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    attention_session_id TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversations_by_activity ON conversations (flags, last_activity_at, root_id);
  CREATE INDEX conversations_by_time ON conversations (last_activity_at, root_id, flags);

  -- How many conversations have each value of flags.
  CREATE TABLE conversation_counts (
    flags INTEGER PRIMARY KEY,
    conversation_count INTEGER NOT NULL
  ) STRICT;
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

  -- What a person has set for the conversation of each session.
  CREATE TABLE conversation_settings (
    session_id TEXT PRIMARY KEY,
    title TEXT,
    title_version INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    pinned_version INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    archived_version INTEGER NOT NULL,
    read_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversation_settings_with_title ON conversation_settings (session_id) WHERE title IS NOT NULL;
  CREATE INDEX conversation_settings_with_flags ON conversation_settings (session_id)
    WHERE pinned_version > 0 OR archived_version > 0;

  -- Sessions whose children must be placed again, beginning after after_id.
  CREATE TABLE pending_children (
    parent_id TEXT PRIMARY KEY,
    after_id TEXT NOT NULL,
    relinked INTEGER NOT NULL -- the children may continue it now and did not before, or the other way round
  ) STRICT, WITHOUT ROWID;
  -- Sessions whose root was computed while one of their ancestors was still pending.
  CREATE TABLE pending_rechecks (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`
