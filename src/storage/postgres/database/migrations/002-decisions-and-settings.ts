/** Decisions, files, and what belongs to sessions besides messages; see `001-chats.ts`. */
export const decisionTables = `
  CREATE TABLE decisions (
    profile text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    -- The number of its newest change, over all decisions of the profile, and never used again.
    change bigint NOT NULL,
    body text NOT NULL,
    -- From \`body\`: PostgreSQL does not read JSON with U+0000 in it.
    tool_call_id text COLLATE "C",
    PRIMARY KEY (profile, id),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  );
  CREATE UNIQUE INDEX decisions_by_change ON decisions (profile, change);
  CREATE INDEX decisions_of_kind ON decisions (profile, kind, change);
  CREATE INDEX decisions_of_session ON decisions (profile, session_id);
  CREATE INDEX decisions_of_tool_call ON decisions (profile, tool_call_id) WHERE tool_call_id IS NOT NULL;
  CREATE INDEX pending_decisions ON decisions (profile, kind, change) WHERE state = 'PENDING';
  CREATE INDEX pending_decisions_of_session ON decisions (profile, session_id, kind) WHERE state = 'PENDING';

  CREATE TABLE approval_rules (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    session_id text COLLATE "C",
    tool text COLLATE "C" NOT NULL,
    -- JSON; empty: any arguments.
    pattern text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    approval_id text COLLATE "C",
    PRIMARY KEY (profile, id),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  );
  CREATE INDEX approval_rules_by_age ON approval_rules (profile, since);
  -- A hash of the pattern, because rows of an index are short.
  CREATE UNIQUE INDEX approval_rules_by_tool ON approval_rules (profile, tool, coalesce(session_id, ''), md5(pattern));
  CREATE INDEX approval_rules_of_session ON approval_rules (profile, session_id) WHERE session_id IS NOT NULL;

  CREATE TABLE blob_references (
    profile text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (profile, hash, session_id),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  );
  CREATE INDEX blob_references_of_session ON blob_references (profile, session_id);

  CREATE TABLE context_checkpoints (
    profile text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    text text NOT NULL,
    quotes text NOT NULL,
    through_message_id text COLLATE "C",
    model text COLLATE "C" NOT NULL,
    usage text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (profile, session_id),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  );

  -- Of sessions of either origin, without the profile's namespace; see ConversationSettingsRow.
  CREATE TABLE conversation_settings (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    session_id text COLLATE "C" NOT NULL,
    title text,
    title_version bigint NOT NULL,
    pinned smallint NOT NULL,
    pinned_version bigint NOT NULL,
    archived smallint NOT NULL,
    archived_version bigint NOT NULL,
    read_at bigint,
    PRIMARY KEY (profile, session_id)
  );
`
