import type { SqlConnection } from './statement-cache.ts'

/** Feeds whose changes are numbered: 1, 2, 3, … per profile. A number is never used again, whatever is deleted. */
export type ChangeFeedName = 'decisions' | 'job_runs' | 'cross_origin' | 'conversation_settings'

/** The number of the next change of a feed. Call it in the transaction that makes the change. */
export function allocateChangeSeq(db: SqlConnection, feed: ChangeFeedName): number {
  const row = db
    .prepare<[string], { latest: number }>(
      'UPDATE change_sequences SET latest = latest + 1 WHERE feed = ? RETURNING latest',
    )
    .get(feed)
  if (!row) throw new Error(`The table change_sequences has no row for ${feed}.`)
  return row.latest
}

/** The number of the latest change of a feed; 0 before the first. */
export function readLatestChangeSeq(db: SqlConnection, feed: ChangeFeedName): number {
  const row = db.prepare<[string], { latest: number }>('SELECT latest FROM change_sequences WHERE feed = ?').get(feed)
  return row?.latest ?? 0
}
