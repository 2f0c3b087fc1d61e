/**
 * The tables of an installation. All profiles are in the same ones: `profile` is the first column of every key and index.
 * The other columns are those of SQLite, with the same content: JSON and ids as text, times in epoch milliseconds, flags as
 * 0 and 1. Ids and keys are compared by their bytes.
 */
export const chatTables = `
  CREATE TABLE profiles (
    name text COLLATE "C" PRIMARY KEY,
    -- Answers that ended before count as read in conversations without a read mark.
    read_marks_start bigint NOT NULL
  );

  -- The number of the latest change of each feed, which is never used again.
  CREATE TABLE change_sequences (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    feed text COLLATE "C" NOT NULL,
    latest bigint NOT NULL,
    PRIMARY KEY (profile, feed)
  );

  CREATE TABLE sessions (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    title text,
    title_source text,
    source text COLLATE "C" NOT NULL,
    model text COLLATE "C",
    instructions text,
    effort text,
    parent_session_id text COLLATE "C",
    parent_origin text,
    forked_from text COLLATE "C",
    forked_from_origin text,
    retry_of text COLLATE "C",
    retry_of_origin text,
    takes_place_of text COLLATE "C",
    takes_place_of_origin text,
    started_at bigint NOT NULL,
    ended_at bigint,
    end_reason text,
    last_activity_at bigint NOT NULL,
    message_count bigint NOT NULL DEFAULT 0,
    head_seq bigint NOT NULL DEFAULT 0,
    usage text NOT NULL,
    answered_at bigint,
    answer_failed smallint NOT NULL DEFAULT 0,
    context_size text,
    PRIMARY KEY (profile, id)
    -- Deltas update rows in place.
  ) WITH (fillfactor = 80);
  CREATE INDEX sessions_by_parent ON sessions (profile, parent_session_id) WHERE parent_session_id IS NOT NULL;
  CREATE INDEX sessions_by_place ON sessions (profile, takes_place_of, started_at, id) WHERE takes_place_of IS NOT NULL;

  CREATE TABLE events (
    profile text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    stream_id text COLLATE "C",
    at bigint NOT NULL,
    type text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (profile, session_id, seq),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  );
  CREATE UNIQUE INDEX one_end ON events (profile, stream_id) WHERE type = 'StreamFinished';

  CREATE TABLE streams (
    profile text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    model text COLLATE "C" NOT NULL,
    effort text,
    user_message_id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C",
    usage text NOT NULL,
    step text,
    started_at bigint NOT NULL,
    finished_at bigint,
    finish_reason text,
    retry_at bigint,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    error text,
    queue_position bigint,
    -- The order in which streams were stored.
    number bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (profile, id),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  ) WITH (fillfactor = 80);
  CREATE UNIQUE INDEX active_streams ON streams (profile, session_id) WHERE status IN ('RUNNING', 'WAITING');
  CREATE INDEX streams_of_session ON streams (profile, session_id, number);
  CREATE INDEX unfinished_streams ON streams (profile, session_id) WHERE finished_at IS NULL;

  CREATE TABLE messages (
    profile text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    position bigint,
    withdrawn smallint NOT NULL,
    kind text,
    summary smallint NOT NULL,
    role text COLLATE "C" NOT NULL,
    status text NOT NULL,
    parts text NOT NULL,
    created_at bigint NOT NULL,
    stream_id text COLLATE "C",
    model text COLLATE "C",
    usage text,
    summary_context text,
    copy_of text COLLATE "C",
    turn_id text COLLATE "C",
    -- Of a message whose original was deleted: 1 if search finds it instead.
    stands_in smallint NOT NULL DEFAULT 0,
    steering text,
    -- From \`steering\`: PostgreSQL does not read JSON with U+0000 in it.
    steered_stream_id text COLLATE "C",
    steered_seq bigint,
    -- The order in which messages were stored.
    number bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (profile, id),
    UNIQUE (profile, session_id, position),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  );
  CREATE INDEX messages_by_original ON messages (profile, copy_of) WHERE copy_of IS NOT NULL;
  CREATE INDEX messages_by_steered_stream ON messages (profile, steered_stream_id, steered_seq)
    WHERE steered_stream_id IS NOT NULL;
  CREATE INDEX messages_by_turn ON messages (profile, turn_id, role, created_at, id)
    WHERE turn_id IS NOT NULL AND (copy_of IS NULL OR stands_in = 1);
`
