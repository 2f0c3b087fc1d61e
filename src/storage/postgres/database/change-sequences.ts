import type { PostgresConnection, PostgresStatement, PostgresTransaction } from './postgres-statement.ts'

/** Feeds whose changes are numbered: 1, 2, 3, … per profile. A number is never used again, whatever is deleted. */
export type ChangeFeedName = 'decisions' | 'job_runs' | 'conversation_settings' | 'conversations' | 'search_entries'

const allocate: PostgresStatement = {
  name: 'allocate-change-seqs',
  text: 'UPDATE change_sequences SET latest = latest + $3 WHERE profile = $1 AND feed = $2 RETURNING latest',
}

const selectLatest: PostgresStatement = {
  name: 'select-latest-change-seq',
  text: 'SELECT latest FROM change_sequences WHERE profile = $1 AND feed = $2',
}

/**
 * The numbers of the next changes of a feed, in order. Other transactions that change the feed wait for the end of this one,
 * so that readers see changes in the order of their numbers.
 */
export async function allocateChangeSeqs(
  transaction: PostgresTransaction,
  feed: ChangeFeedName,
  count: number,
): Promise<number[]> {
  if (count === 0) return []
  const [row] = await transaction.query<{ latest: number }>(allocate, [feed, count])
  if (!row) throw new Error(`The table change_sequences has no row for ${feed} of the profile ${transaction.profile}.`)
  return Array.from({ length: count }, (_, index) => row.latest - count + 1 + index)
}

/** The number of the latest change of a feed; 0 before the first. */
export async function readLatestChangeSeq(
  connection: Pick<PostgresConnection, 'query'>,
  feed: ChangeFeedName,
): Promise<number> {
  const [row] = await connection.query<{ latest: number }>(selectLatest, [feed])
  return row?.latest ?? 0
}
