/**
 * The search index: an entry for each title of a session, and for each passage of what people and agents said. `text` is
 * normalized by `normalizeSearchText`; `lexemes` finds the candidates, among which the text decides.
 */
export const searchTables = `
  CREATE TABLE search_entries (
    profile text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    -- Null for a title.
    message_id text COLLATE "C",
    -- 1 for the title that a person gave the conversation, rather than the session's own.
    is_given smallint NOT NULL,
    -- 1 for one of several passages of a message.
    is_passage smallint NOT NULL,
    -- No less than that of any smaller number of the kind.
    at bigint NOT NULL,
    text text COLLATE "C" NOT NULL,
    lexemes tsvector NOT NULL,
    PRIMARY KEY (profile, kind, number),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (profile, message_id) REFERENCES messages ON UPDATE CASCADE ON DELETE CASCADE
  );
  CREATE INDEX search_entries_by_lexeme ON search_entries USING gin (lexemes);
  CREATE INDEX search_entries_of_session ON search_entries (profile, session_id, kind);
  CREATE INDEX search_entries_of_message ON search_entries (profile, message_id) WHERE message_id IS NOT NULL;

  -- Messages, and sessions whose titles, are to be indexed again. Each write adds rows of its own; see pending_sessions.
  CREATE TABLE search_queue (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    number bigint GENERATED ALWAYS AS IDENTITY,
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    PRIMARY KEY (profile, number)
  );

  CREATE FUNCTION queue_message_for_search() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO search_queue (profile, kind, id) VALUES (new.profile, 'message', new.id);
    RETURN NULL;
  END $$;
  CREATE FUNCTION queue_title_for_search() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO search_queue (profile, kind, id) VALUES (new.profile, 'title', new.id);
    RETURN NULL;
  END $$;
  CREATE FUNCTION queue_given_title_for_search() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO search_queue (profile, kind, id) VALUES (new.profile, 'title', new.session_id);
    RETURN NULL;
  END $$;

  CREATE TRIGGER message_inserted AFTER INSERT ON messages FOR EACH ROW
    WHEN (new.role <> 'SYSTEM' AND new.copy_of IS NULL) EXECUTE FUNCTION queue_message_for_search();
  CREATE TRIGGER message_updated AFTER UPDATE ON messages FOR EACH ROW
    WHEN (new.role <> 'SYSTEM' AND (old.parts, old.stands_in) IS DISTINCT FROM (new.parts, new.stands_in)
      AND (new.copy_of IS NULL OR old.stands_in = 1 OR new.stands_in = 1))
    EXECUTE FUNCTION queue_message_for_search();
  CREATE TRIGGER title_inserted AFTER INSERT ON sessions FOR EACH ROW WHEN (new.title IS NOT NULL)
    EXECUTE FUNCTION queue_title_for_search();
  CREATE TRIGGER title_updated AFTER UPDATE ON sessions FOR EACH ROW WHEN (old.title IS DISTINCT FROM new.title)
    EXECUTE FUNCTION queue_title_for_search();
  CREATE TRIGGER given_title_inserted AFTER INSERT ON conversation_settings FOR EACH ROW WHEN (new.title IS NOT NULL)
    EXECUTE FUNCTION queue_given_title_for_search();
  CREATE TRIGGER given_title_updated AFTER UPDATE ON conversation_settings FOR EACH ROW
    WHEN (old.title IS DISTINCT FROM new.title) EXECUTE FUNCTION queue_given_title_for_search();
`
