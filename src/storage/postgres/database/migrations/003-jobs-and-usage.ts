/** Jobs, and what belongs to the whole profile; see `001-chats.ts`. */
export const jobTables = `
  CREATE TABLE idempotency_keys (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    -- Null if the call created nothing, or what it created was deleted.
    created_id text COLLATE "C",
    outcome text,
    pending smallint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (profile, key)
  );
  CREATE INDEX idempotency_keys_by_created_id ON idempotency_keys (profile, created_id) WHERE created_id IS NOT NULL;
  CREATE INDEX prunable_idempotency_keys ON idempotency_keys (profile, created_at) WHERE created_id IS NULL;

  CREATE TABLE jobs (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    prompt text NOT NULL,
    schedule text NOT NULL,
    timezone text NOT NULL,
    anchor bigint NOT NULL,
    recurring smallint NOT NULL,
    model text COLLATE "C",
    instructions text,
    effort text,
    budget text,
    enabled smallint NOT NULL,
    state text COLLATE "C" NOT NULL,
    fault text,
    running text,
    repeat_limit bigint,
    completed_runs bigint NOT NULL,
    skipped_runs bigint NOT NULL,
    next_run_at bigint,
    created_at bigint NOT NULL,
    settled_until bigint NOT NULL,
    run_count bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (profile, id)
  );
  CREATE INDEX jobs_by_due_time ON jobs (profile, next_run_at)
    WHERE next_run_at IS NOT NULL AND (recurring = 1 OR running IS NULL);

  CREATE TABLE job_runs (
    profile text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    job_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    trigger text NOT NULL,
    status text NOT NULL,
    scheduled_for bigint,
    started_at bigint NOT NULL,
    finished_at bigint,
    output text,
    error text,
    session_id text COLLATE "C",
    -- The number of its newest change, over all runs of the profile.
    change bigint NOT NULL,
    usage text,
    PRIMARY KEY (profile, id),
    UNIQUE (profile, job_id, position),
    -- No due time has two runs, whatever clocks and crashes do.
    UNIQUE (profile, job_id, scheduled_for),
    FOREIGN KEY (profile, job_id) REFERENCES jobs ON UPDATE CASCADE ON DELETE CASCADE
  );
  CREATE UNIQUE INDEX job_runs_by_change ON job_runs (profile, change);
  CREATE UNIQUE INDEX running_job_runs ON job_runs (profile, job_id) WHERE finished_at IS NULL;
  CREATE INDEX running_job_runs_by_session ON job_runs (profile, session_id) WHERE finished_at IS NULL;

  CREATE TABLE model_observations (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    model text COLLATE "C" NOT NULL,
    base_url text COLLATE "C" NOT NULL,
    property text COLLATE "C" NOT NULL,
    value bigint NOT NULL,
    observed_at bigint NOT NULL,
    PRIMARY KEY (profile, model, base_url, property)
  );

  CREATE TABLE uploads (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    media_type text NOT NULL,
    name text,
    -- In bytes.
    size bigint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (profile, id)
  );
  CREATE INDEX uploads_by_hash ON uploads (profile, hash);
  CREATE INDEX uploads_by_time ON uploads (profile, created_at);

  CREATE TABLE usage_sums (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    dimension text COLLATE "C" NOT NULL,
    day bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    answers bigint NOT NULL,
    usage text NOT NULL,
    PRIMARY KEY (profile, dimension, day, key)
  );

  -- A key stays known when what it has created is deleted.
  CREATE FUNCTION release_idempotency_keys() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE idempotency_keys SET created_id = NULL FROM deleted
      WHERE idempotency_keys.profile = deleted.profile AND idempotency_keys.created_id = deleted.id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER session_keys_released AFTER DELETE ON sessions REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION release_idempotency_keys();
  CREATE TRIGGER stream_keys_released AFTER DELETE ON streams REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION release_idempotency_keys();
  CREATE TRIGGER message_keys_released AFTER DELETE ON messages REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION release_idempotency_keys();
  CREATE TRIGGER job_keys_released AFTER DELETE ON jobs REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION release_idempotency_keys();
  CREATE TRIGGER job_run_keys_released AFTER DELETE ON job_runs REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION release_idempotency_keys();
`
