/** Numbers of processes come from the clock: a replica that takes over may be behind, and would give those of a sequence again. */
export const processNumbers = `
  ALTER TABLE processes ALTER COLUMN number DROP IDENTITY;
  -- Microseconds since 1970, for new rows.
  ALTER TABLE processes ALTER COLUMN number SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
`
