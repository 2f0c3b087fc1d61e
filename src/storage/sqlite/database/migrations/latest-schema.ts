/**
 * The schema that all migrations make of an empty database, without the rows. A new database gets it at once, because the
 * migrations take longer. Written by scripts/database/write-latest-schema.ts.
 */
export const latestSchemaSql = `
CREATE TABLE approval_rules (
    id TEXT PRIMARY KEY,
    session_id TEXT REFERENCES session_ids (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    pattern TEXT NOT NULL, -- JSON; empty: any arguments
    since INTEGER NOT NULL,
    approval_id TEXT
  ) STRICT;

CREATE TABLE "blob_references" (
    hash TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES "session_ids" (id) ON DELETE CASCADE,
    PRIMARY KEY (hash, session_id)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE change_sequences (feed TEXT PRIMARY KEY, latest INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE context_checkpoints (
    session_id TEXT PRIMARY KEY REFERENCES "session_ids" (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    quotes TEXT NOT NULL,
    through_message_id TEXT,
    model TEXT NOT NULL,
    usage TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;

CREATE TABLE conversation_counts (
    flags INTEGER PRIMARY KEY,
    conversation_count INTEGER NOT NULL
  ) STRICT;

CREATE TABLE "conversation_sessions" (
    id TEXT PRIMARY KEY,
    continues TEXT,
    can_be_continued INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    message_at INTEGER,
    activity_at INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    root_id TEXT NOT NULL,
    depth INTEGER
  , default_flags INTEGER NOT NULL DEFAULT 0, takes_place_of TEXT, live_attention INTEGER NOT NULL DEFAULT 0, answered_at INTEGER, answer_failed INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE conversation_settings (
    session_id TEXT PRIMARY KEY, -- of either origin, without the profile's namespace
    title TEXT, -- null with a version: the title of the root
    title_version INTEGER NOT NULL, -- 0: nobody has set it
    pinned INTEGER NOT NULL,
    pinned_version INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    archived_version INTEGER NOT NULL
  , read_at INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    root_id TEXT PRIMARY KEY,
    tip_id TEXT NOT NULL,
    segment_count INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    flags INTEGER NOT NULL
  , attention_session_id TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE "cross_origin_changes" (
    id TEXT PRIMARY KEY,
    change INTEGER NOT NULL -- the number of its newest change, over all of them
  ) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES "session_ids" (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    change INTEGER NOT NULL, -- the number of its newest change, over all decisions, and never used again
    body TEXT NOT NULL -- JSON
  , tool_call_id TEXT
    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.toolCall.id') END) VIRTUAL) STRICT;

CREATE TABLE deleted_jobs (id TEXT PRIMARY KEY REFERENCES job_ids (id) ON DELETE CASCADE) STRICT, WITHOUT ROWID;

CREATE TABLE deleted_sessions (
    id TEXT PRIMARY KEY REFERENCES session_ids (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    session_id TEXT NOT NULL REFERENCES "session_ids" (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    stream_id TEXT,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL, -- of the form of body
    body TEXT NOT NULL, -- JSON
    PRIMARY KEY (session_id, seq)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL, -- of the field and its arguments
    created_id TEXT, -- what the call created; null if that was nothing, or was deleted
    outcome TEXT,
    pending INTEGER NOT NULL, -- 1 while a call of several transactions is not complete
    created_at INTEGER NOT NULL
  ) STRICT;

CREATE TABLE "job_ids" (
    id TEXT PRIMARY KEY) STRICT;

CREATE TABLE job_runs (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES "job_ids" (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    trigger TEXT NOT NULL,
    status TEXT NOT NULL,
    scheduled_for INTEGER, -- null for a run by hand
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    output TEXT,
    error TEXT,
    session_id TEXT, -- of a session that is made after the run began, and may be gone before the job is
    change INTEGER NOT NULL, usage TEXT, -- the number of its newest change, over all runs
    UNIQUE (job_id, position),
    -- No due time has two runs, whatever clocks and crashes do.
    UNIQUE (job_id, scheduled_for)
  ) STRICT;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY REFERENCES job_ids (id),
    name TEXT NOT NULL,
    prompt TEXT NOT NULL,
    schedule TEXT NOT NULL,
    timezone TEXT NOT NULL,
    anchor INTEGER NOT NULL,
    recurring INTEGER NOT NULL,
    model TEXT,
    enabled INTEGER NOT NULL,
    state TEXT NOT NULL,
    fault TEXT,
    running TEXT,
    repeat_limit INTEGER,
    completed_runs INTEGER NOT NULL,
    skipped_runs INTEGER NOT NULL,
    next_run_at INTEGER,
    created_at INTEGER NOT NULL,
    settled_until INTEGER NOT NULL,
    run_count INTEGER NOT NULL,
    revision INTEGER NOT NULL
  , instructions TEXT, effort TEXT, budget TEXT) STRICT;

CREATE TABLE message_entries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL, -- the message's
    at INTEGER NOT NULL, -- no less than that of any smaller number
    is_passage INTEGER NOT NULL DEFAULT 0 -- one of several of its message, with numbers next to each other
  ) STRICT;

CREATE VIRTUAL TABLE message_index USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii');

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES "session_ids" (id) ON DELETE CASCADE,
    position INTEGER, -- null while its turn has not come
    withdrawn INTEGER NOT NULL DEFAULT 0,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    parts TEXT NOT NULL, -- JSON
    created_at INTEGER NOT NULL,
    stream_id TEXT,
    model TEXT,
    usage TEXT, summary INTEGER NOT NULL DEFAULT 0, summary_context TEXT, kind TEXT, copy_of TEXT, turn_id TEXT, stands_in INTEGER NOT NULL DEFAULT 0, steering TEXT, -- JSON
    UNIQUE (session_id, position)
  ) STRICT;

CREATE TABLE model_observations (
    -- <provider>/<name>
    model TEXT NOT NULL,
    -- Empty for the public API of the provider's type.
    base_url TEXT NOT NULL,
    property TEXT NOT NULL,
    value INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    PRIMARY KEY (model, base_url, property)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE "pending_children" (
    parent_id TEXT PRIMARY KEY,
    after_id TEXT NOT NULL,
    relinked INTEGER NOT NULL -- the children may continue it now and did not before, or the other way round
  ) STRICT, WITHOUT ROWID;

CREATE TABLE "pending_rechecks" (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE "pending_sessions" (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE pending_settings (session_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE read_marks_start (at INTEGER NOT NULL) STRICT;

CREATE TABLE "search_backfill" (kind TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE "search_queue" (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    is_long INTEGER NOT NULL,
    PRIMARY KEY (is_long, kind, id)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE "session_ids" (
    id TEXT PRIMARY KEY) STRICT;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY REFERENCES session_ids (id),
    title TEXT,
    title_source TEXT,
    source TEXT NOT NULL,
    model TEXT,
    parent_session_id TEXT,
    parent_origin TEXT,
    forked_from TEXT,
    forked_from_origin TEXT,
    retry_of TEXT,
    retry_of_origin TEXT,
    takes_place_of TEXT,
    takes_place_of_origin TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    last_activity_at INTEGER NOT NULL,
    message_count INTEGER NOT NULL DEFAULT 0,
    head_seq INTEGER NOT NULL DEFAULT 0,
    usage TEXT NOT NULL -- JSON
  , instructions TEXT, effort TEXT, answered_at INTEGER, answer_failed INTEGER NOT NULL DEFAULT 0, context_size TEXT) STRICT;

CREATE TABLE streams (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES "session_ids" (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    generation INTEGER NOT NULL,
    model TEXT NOT NULL,
    user_message_id TEXT NOT NULL,
    message_id TEXT,
    usage TEXT NOT NULL, -- JSON
    step TEXT, -- JSON
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    error TEXT, -- JSON
    key TEXT UNIQUE,
    fingerprint TEXT
  , finish_reason TEXT, retry_at INTEGER, queue_position INTEGER, effort TEXT) STRICT;

CREATE TABLE title_entries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL, -- the session's
    at INTEGER NOT NULL -- no less than that of any smaller number
  , is_given INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE VIRTUAL TABLE title_index USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii');

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL, -- of its blob
    media_type TEXT NOT NULL,
    name TEXT,
    size INTEGER NOT NULL, -- bytes
    created_at INTEGER NOT NULL
  ) STRICT;

CREATE TABLE usage_sums (
    dimension TEXT NOT NULL, -- MODEL, SOURCE, SESSION or JOB
    day INTEGER NOT NULL,
    key TEXT NOT NULL,
    answers INTEGER NOT NULL,
    usage TEXT NOT NULL,
    PRIMARY KEY (dimension, day, key)
  ) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX active_streams ON streams (session_id) WHERE status IN ('RUNNING', 'WAITING');

CREATE INDEX approval_rules_by_age ON approval_rules (since);

CREATE UNIQUE INDEX approval_rules_by_tool ON approval_rules (tool, coalesce(session_id, ''), pattern);

CREATE INDEX approval_rules_of_session ON approval_rules (session_id) WHERE session_id IS NOT NULL;

CREATE INDEX blob_references_of_session ON blob_references (session_id);

CREATE INDEX conversation_sessions_by_activity ON conversation_sessions (flags, activity_at, id);

CREATE INDEX conversation_sessions_by_answer ON conversation_sessions (root_id, answered_at)
    WHERE root_id <> id AND answered_at IS NOT NULL;

CREATE INDEX conversation_sessions_by_attention ON conversation_sessions (root_id, live_attention)
    WHERE live_attention > 0;

CREATE INDEX conversation_sessions_by_message ON conversation_sessions (root_id, message_at, started_at)
    WHERE root_id <> id;

CREATE INDEX conversation_sessions_by_parent ON conversation_sessions (continues) WHERE continues IS NOT NULL;

CREATE INDEX conversation_sessions_by_place ON conversation_sessions (takes_place_of, started_at)
    WHERE takes_place_of IS NOT NULL;

CREATE INDEX conversation_sessions_by_start ON conversation_sessions (root_id, started_at, depth)
    WHERE root_id <> id;

CREATE INDEX conversation_sessions_by_time ON conversation_sessions (activity_at, id, flags);

CREATE INDEX conversation_settings_with_flags ON conversation_settings (session_id)
    WHERE pinned_version > 0 OR archived_version > 0;

CREATE INDEX conversation_settings_with_title ON conversation_settings (session_id) WHERE title IS NOT NULL;

CREATE INDEX conversations_by_activity ON conversations (flags, last_activity_at, root_id);

CREATE INDEX conversations_by_time ON conversations (last_activity_at, root_id, flags);

CREATE UNIQUE INDEX cross_origin_changes_by_change ON cross_origin_changes (change);

CREATE UNIQUE INDEX decisions_by_change ON decisions (change);

CREATE INDEX decisions_of_kind ON decisions (kind, change);

CREATE INDEX decisions_of_session ON decisions (session_id);

CREATE INDEX decisions_of_tool_call ON decisions (tool_call_id);

CREATE INDEX entries_of_message ON message_entries (id);

CREATE INDEX entries_of_session ON title_entries (id);

CREATE INDEX idempotency_keys_by_created_id ON idempotency_keys (created_id) WHERE created_id IS NOT NULL;

CREATE UNIQUE INDEX job_runs_by_change ON job_runs (change);

CREATE INDEX jobs_by_due_time ON jobs (next_run_at)
    WHERE next_run_at IS NOT NULL AND (recurring = 1 OR running IS NULL);

CREATE INDEX messages_by_original ON messages (copy_of) WHERE copy_of IS NOT NULL;

CREATE INDEX messages_by_steered_stream ON messages (steering ->> '$.streamId') WHERE steering IS NOT NULL;

CREATE INDEX messages_by_turn ON messages (turn_id, role, created_at, id)
    WHERE turn_id IS NOT NULL AND (copy_of IS NULL OR stands_in = 1);

CREATE UNIQUE INDEX one_end ON events (stream_id) WHERE type = 'StreamFinished';

CREATE INDEX pending_decisions ON decisions (kind, change) WHERE state = 'PENDING';

CREATE INDEX pending_decisions_of_session ON decisions (session_id, kind) WHERE state = 'PENDING';

CREATE INDEX prunable_idempotency_keys ON idempotency_keys (created_at) WHERE created_id IS NULL;

CREATE UNIQUE INDEX running_job_runs ON job_runs (job_id) WHERE finished_at IS NULL;

CREATE INDEX sessions_by_parent ON sessions (parent_session_id) WHERE parent_session_id IS NOT NULL;

CREATE INDEX sessions_by_place ON sessions (takes_place_of, started_at, id) WHERE takes_place_of IS NOT NULL;

CREATE INDEX streams_of_session ON streams (session_id);

CREATE INDEX unfinished_streams ON streams (id) WHERE finished_at IS NULL;

CREATE INDEX uploads_by_hash ON uploads (hash);

CREATE INDEX uploads_by_time ON uploads (created_at);

CREATE TRIGGER conversation_deleted AFTER DELETE ON conversations BEGIN
    UPDATE conversation_counts SET conversation_count = conversation_count - 1 WHERE flags = old.flags;
    DELETE FROM conversation_counts WHERE flags = old.flags AND conversation_count = 0;
  END;

CREATE TRIGGER conversation_flags_updated AFTER UPDATE OF flags ON conversations WHEN old.flags <> new.flags BEGIN
    UPDATE conversation_counts SET conversation_count = conversation_count - 1 WHERE flags = old.flags;
    DELETE FROM conversation_counts WHERE flags = old.flags AND conversation_count = 0;
    INSERT INTO conversation_counts VALUES (new.flags, 1)
      ON CONFLICT (flags) DO UPDATE SET conversation_count = conversation_count + 1;
  END;

CREATE TRIGGER conversation_inserted AFTER INSERT ON conversations BEGIN
    INSERT INTO conversation_counts VALUES (new.flags, 1)
      ON CONFLICT (flags) DO UPDATE SET conversation_count = conversation_count + 1;
  END;

CREATE TRIGGER conversation_settings_inserted AFTER INSERT ON conversation_settings BEGIN
    INSERT INTO pending_settings VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER conversation_settings_updated AFTER UPDATE ON conversation_settings BEGIN
    INSERT INTO pending_settings VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER decision_inserted AFTER INSERT ON decisions WHEN new.state = 'PENDING' BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER decision_state_updated AFTER UPDATE OF state ON decisions WHEN old.state <> new.state BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER given_title_deleted AFTER DELETE ON conversation_settings WHEN old.title IS NOT NULL BEGIN
    DELETE FROM title_entries WHERE id = old.session_id AND is_given = 1;
  END;

CREATE TRIGGER given_title_inserted AFTER INSERT ON conversation_settings WHEN new.title IS NOT NULL BEGIN
    INSERT INTO search_queue SELECT 'title', new.session_id, 0 WHERE EXISTS (SELECT 1 FROM sessions WHERE id = new.session_id)
      ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER given_title_updated AFTER UPDATE OF title ON conversation_settings WHEN new.title IS NOT old.title BEGIN
    DELETE FROM title_entries WHERE id = new.session_id AND is_given = 1;
    INSERT INTO search_queue SELECT 'title', new.session_id, 0 WHERE EXISTS (SELECT 1 FROM sessions WHERE id = new.session_id)
      ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER job_id_inserted AFTER INSERT ON jobs BEGIN
    INSERT INTO job_ids VALUES (new.id);
  END;

CREATE TRIGGER job_key_released AFTER DELETE ON jobs BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;

CREATE TRIGGER job_run_key_released AFTER DELETE ON job_runs BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;

CREATE TRIGGER job_runs_queued AFTER DELETE ON jobs BEGIN
    INSERT INTO deleted_jobs SELECT old.id WHERE EXISTS (SELECT 1 FROM job_runs WHERE job_id = old.id);
    DELETE FROM job_ids WHERE id = old.id AND NOT EXISTS (SELECT 1 FROM deleted_jobs WHERE id = old.id);
  END;

CREATE TRIGGER message_deleted AFTER DELETE ON messages BEGIN
    DELETE FROM message_entries WHERE id = old.id;
    DELETE FROM search_queue WHERE is_long IN (0, 1) AND kind = 'message' AND id = old.id;
  END;

CREATE TRIGGER message_does_not_stand_in AFTER UPDATE OF stands_in ON messages
  WHEN new.stands_in < old.stands_in BEGIN
    DELETE FROM message_entries WHERE id = new.id;
    DELETE FROM search_queue WHERE is_long IN (0, 1) AND kind = 'message' AND id = new.id;
  END;

CREATE TRIGGER message_entry_deleted AFTER DELETE ON message_entries BEGIN
    DELETE FROM message_index WHERE rowid = 2199023255552 - old.number;
  END;

CREATE TRIGGER message_inserted AFTER INSERT ON messages
  WHEN new.role IN ('USER', 'ASSISTANT') AND new.copy_of IS NULL BEGIN
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384);
  END;

CREATE TRIGGER message_stands_in AFTER UPDATE OF stands_in ON messages
  WHEN new.role IN ('USER', 'ASSISTANT') AND new.stands_in > old.stands_in BEGIN
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384)
      ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER message_updated AFTER UPDATE OF parts ON messages
  WHEN new.role IN ('USER', 'ASSISTANT') AND (new.copy_of IS NULL OR new.stands_in = 1) BEGIN
    DELETE FROM message_entries WHERE id = new.id;
    INSERT INTO search_queue VALUES ('message', new.id, new.parts = 'null' OR length(new.parts) > 16384)
      ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER session_answered AFTER UPDATE OF answered_at, answer_failed ON sessions
  WHEN old.answered_at IS NOT new.answered_at OR old.answer_failed <> new.answer_failed BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
    INSERT INTO pending_sessions VALUES (old.id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER session_id_inserted AFTER INSERT ON sessions BEGIN
    -- Fails while the rows of a deleted session with this id are left.
    INSERT INTO session_ids VALUES (new.id);
  END;

CREATE TRIGGER session_inserted AFTER INSERT ON sessions BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER session_key_released AFTER DELETE ON sessions BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;

CREATE TRIGGER session_rows_queued AFTER DELETE ON sessions BEGIN
    INSERT INTO deleted_sessions SELECT old.id WHERE
      EXISTS (SELECT 1 FROM messages WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM events WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM streams WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM decisions WHERE session_id = old.id) OR
      EXISTS (SELECT 1 FROM blob_references WHERE session_id = old.id);
    DELETE FROM session_ids WHERE id = old.id AND NOT EXISTS (SELECT 1 FROM deleted_sessions WHERE id = old.id);
  END;

CREATE TRIGGER session_updated
  AFTER UPDATE OF parent_session_id, takes_place_of, source, started_at, end_reason, last_activity_at, message_count
  ON sessions
  WHEN
    old.parent_session_id IS NOT new.parent_session_id OR
    old.takes_place_of IS NOT new.takes_place_of OR
    old.source <> new.source OR
    old.started_at <> new.started_at OR
    old.end_reason IS NOT new.end_reason OR
    old.last_activity_at <> new.last_activity_at OR
    old.message_count <> new.message_count
  BEGIN
    INSERT INTO pending_sessions VALUES (new.id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER steered_message_deleted AFTER DELETE ON messages WHEN old.steering IS NOT NULL BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;

CREATE TRIGGER stream_inserted AFTER INSERT ON streams WHEN new.finished_at IS NULL BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER stream_key_released AFTER DELETE ON streams BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;

CREATE TRIGGER stream_status_updated AFTER UPDATE OF status ON streams WHEN old.status <> new.status BEGIN
    INSERT INTO pending_sessions VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;

CREATE TRIGGER title_deleted AFTER DELETE ON sessions BEGIN
    DELETE FROM title_entries WHERE id = old.id;
    DELETE FROM search_queue WHERE is_long = 0 AND kind = 'title' AND id = old.id;
  END;

CREATE TRIGGER title_entry_deleted AFTER DELETE ON title_entries BEGIN
    DELETE FROM title_index WHERE rowid = 2199023255552 - old.number;
  END;

CREATE TRIGGER title_inserted AFTER INSERT ON sessions WHEN new.title IS NOT NULL BEGIN
    INSERT INTO search_queue VALUES ('title', new.id, 0);
  END;

CREATE TRIGGER title_updated AFTER UPDATE OF title ON sessions WHEN new.title IS NOT old.title BEGIN
    DELETE FROM title_entries WHERE id = new.id;
    INSERT INTO search_queue VALUES ('title', new.id, 0) ON CONFLICT DO NOTHING;
  END;
`
