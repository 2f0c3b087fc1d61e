/** What Hermes' sessions have used. Old rows count once a process reads the agent again, which stores all of its sessions. */
export const hermesUsageColumns = `
  -- When it was used last; null if nobody knows. Its record says what it has used.
  ALTER TABLE hermes_sessions ADD COLUMN used_at bigint;
  ALTER TABLE hermes_sessions ADD COLUMN answers bigint NOT NULL DEFAULT 0;
`
