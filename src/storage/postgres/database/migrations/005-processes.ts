/** The processes that share the installation, and what they own; see `ProcessLease`. */
export const processTables = `
  CREATE TABLE processes (
    -- The fencing number: greater than that of every earlier process, and never used again.
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- By the clock of the database. Another process may remove the row afterwards.
    lease_until timestamptz NOT NULL,
    -- A hash of what it is configured with: that of all processes should be the same.
    configuration text COLLATE "C" NOT NULL DEFAULT ''
  );

  -- The process that runs the stream, or is going to. It need not exist any more.
  ALTER TABLE streams ADD COLUMN owner bigint;
  ALTER TABLE job_runs ADD COLUMN owner bigint;

  -- What processes have others do; see CommandChannel.
  CREATE TABLE commands (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    number bigint GENERATED ALWAYS AS IDENTITY,
    -- The process that is to execute it.
    owner bigint NOT NULL,
    -- JSON.
    command text NOT NULL,
    -- JSON; null until it was executed.
    result text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (profile, number)
  );
  CREATE INDEX pending_commands ON commands (profile, owner, number) WHERE result IS NULL;
`
