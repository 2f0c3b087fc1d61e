/**
 * The place of a queued stream in the queue of its session. Null for a stream that is not queued, and for those that were
 * queued before this migration, until their queue changes: they run in the order in which they were accepted.
 */
export const migration020 = `
  ALTER TABLE streams ADD COLUMN queue_position INTEGER;
`
