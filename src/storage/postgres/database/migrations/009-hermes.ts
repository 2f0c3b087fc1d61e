/** The sessions of Hermes agents, as the process that reads an agent's files has stored them for all. */
export const hermesTables = `
  CREATE TABLE hermes_agents (
    profile text COLLATE "C" PRIMARY KEY REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    -- The number of the process that reads it, which need not exist any more; see ProcessLease. Every write names it.
    reader bigint NOT NULL,
    -- What that process has found, as HermesStatus.
    state text COLLATE "C" NOT NULL,
    error text COLLATE "C"
  );

  CREATE TABLE hermes_sessions (
    profile text COLLATE "C" NOT NULL REFERENCES hermes_agents ON UPDATE CASCADE ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    -- A SessionRecord as JSON, with ids as Hermes stores them.
    record text COLLATE "C" NOT NULL,
    -- A ConversationIndexEntry as JSON.
    entry text COLLATE "C" NOT NULL,
    message_count bigint NOT NULL,
    PRIMARY KEY (profile, id)
  );
  CREATE TRIGGER hermes_session_written AFTER INSERT OR UPDATE ON hermes_sessions FOR EACH ROW
    EXECUTE FUNCTION queue_session();
  CREATE TRIGGER hermes_session_deleted AFTER DELETE ON hermes_sessions FOR EACH ROW
    EXECUTE FUNCTION queue_deleted_session();

  -- Which part of the process executes a command.
  ALTER TABLE commands ADD COLUMN service text COLLATE "C" NOT NULL DEFAULT 'chats';
`
