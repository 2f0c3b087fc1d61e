/** When a stream that waits for its provider asks it again. Old streams do not wait. */
export const migration011 = `
  ALTER TABLE streams ADD COLUMN retry_at INTEGER;
`
