/** The processes that share the installation, and what they own; see `ProcessLease`. */
export const processTables = `
  CREATE TABLE processes (
    -- The fencing number: greater than that of every earlier process, and never used again.
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- By the clock of the database. Another process may remove the row afterwards.
    lease_until timestamptz NOT NULL
  );

  -- The process that runs the stream, or is going to. It need not exist any more.
  ALTER TABLE streams ADD COLUMN owner bigint;
  ALTER TABLE job_runs ADD COLUMN owner bigint;
`
