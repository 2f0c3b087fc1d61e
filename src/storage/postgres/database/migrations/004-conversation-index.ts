/**
 * The conversation index: which sessions make up each conversation, and the order in which both are listed. Everything in it
 * is derived from the sessions and the settings. The `flags` columns hold `ConversationIndexFlags`: a page is merged from the
 * ordered lists of the values that pass its filter. There is no list of all values, which would be scanned for rare ones.
 */
export const conversationIndexTables = `
  CREATE TABLE conversation_sessions (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    continues text COLLATE "C",
    takes_place_of text COLLATE "C",
    can_be_continued smallint NOT NULL,
    started_at bigint NOT NULL,
    message_at bigint,
    activity_at bigint NOT NULL,
    flags bigint NOT NULL,
    default_flags bigint NOT NULL,
    live_attention bigint NOT NULL,
    answered_at bigint,
    answer_failed smallint NOT NULL,
    root_id text COLLATE "C" NOT NULL,
    depth bigint,
    PRIMARY KEY (profile, id)
  );
  CREATE INDEX conversation_sessions_by_activity ON conversation_sessions (profile, flags, activity_at, id);
  CREATE INDEX conversation_sessions_by_parent ON conversation_sessions (profile, continues) WHERE continues IS NOT NULL;
  CREATE INDEX conversation_sessions_by_place ON conversation_sessions (profile, takes_place_of, started_at, id)
    WHERE takes_place_of IS NOT NULL;
  -- Most conversations have a single session: the index does not contain roots.
  CREATE INDEX conversation_sessions_by_start ON conversation_sessions (profile, root_id, started_at, depth, id)
    WHERE root_id <> id;

  CREATE TABLE conversations (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    root_id text COLLATE "C" NOT NULL,
    tip_id text COLLATE "C" NOT NULL,
    segment_count bigint NOT NULL,
    last_activity_at bigint NOT NULL,
    flags bigint NOT NULL,
    attention_session_id text COLLATE "C",
    PRIMARY KEY (profile, root_id)
  );
  CREATE INDEX conversations_by_activity ON conversations (profile, flags, last_activity_at, root_id);

  -- How many conversations have each value of flags.
  CREATE TABLE conversation_counts (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    flags bigint NOT NULL,
    conversation_count bigint NOT NULL,
    PRIMARY KEY (profile, flags)
  );

  -- What lists show differently, as ConversationChange. Every process reads on from its own number. The oldest are deleted.
  CREATE TABLE conversation_changes (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    number bigint NOT NULL,
    root_id text COLLATE "C" NOT NULL,
    before text,
    after text,
    successor_id text COLLATE "C",
    PRIMARY KEY (profile, number)
  );

  -- Sessions of which the index may not show the present state. Each write adds rows of its own, because a row that it
  -- shared with an earlier write could be processed, and deleted, before this write is committed.
  CREATE TABLE pending_sessions (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    number bigint GENERATED ALWAYS AS IDENTITY,
    session_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (profile, number)
  );

  CREATE FUNCTION queue_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO pending_sessions (profile, session_id) VALUES (new.profile, new.id);
    RETURN NULL;
  END $$;
  -- Not of a profile that is being deleted.
  CREATE FUNCTION queue_deleted_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO pending_sessions (profile, session_id) SELECT old.profile, old.id
      WHERE EXISTS (SELECT 1 FROM profiles WHERE name = old.profile);
    RETURN NULL;
  END $$;
  CREATE FUNCTION queue_session_of_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO pending_sessions (profile, session_id) VALUES (new.profile, new.session_id);
    RETURN NULL;
  END $$;

  CREATE TRIGGER session_inserted AFTER INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION queue_session();
  CREATE TRIGGER session_deleted AFTER DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION queue_deleted_session();
  -- Deltas change nothing that a list shows.
  CREATE TRIGGER session_updated AFTER UPDATE ON sessions FOR EACH ROW WHEN (
    (old.title, old.title_source, old.source, old.model, old.parent_session_id, old.takes_place_of, old.started_at,
      old.ended_at, old.end_reason, old.last_activity_at, old.message_count, old.usage, old.answered_at, old.answer_failed)
    IS DISTINCT FROM
    (new.title, new.title_source, new.source, new.model, new.parent_session_id, new.takes_place_of, new.started_at,
      new.ended_at, new.end_reason, new.last_activity_at, new.message_count, new.usage, new.answered_at, new.answer_failed)
  ) EXECUTE FUNCTION queue_session();
  CREATE TRIGGER stream_inserted AFTER INSERT ON streams FOR EACH ROW EXECUTE FUNCTION queue_session_of_row();
  CREATE TRIGGER stream_status_updated AFTER UPDATE ON streams FOR EACH ROW WHEN (old.status <> new.status)
    EXECUTE FUNCTION queue_session_of_row();
  CREATE TRIGGER decision_inserted AFTER INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION queue_session_of_row();
  CREATE TRIGGER decision_state_updated AFTER UPDATE ON decisions FOR EACH ROW WHEN (old.state <> new.state)
    EXECUTE FUNCTION queue_session_of_row();
  -- What the index itself writes is in it already.
  CREATE TRIGGER settings_written AFTER INSERT OR UPDATE ON conversation_settings FOR EACH ROW
    WHEN (current_setting('segue.is_indexing', true) IS DISTINCT FROM '1') EXECUTE FUNCTION queue_session_of_row();
`
