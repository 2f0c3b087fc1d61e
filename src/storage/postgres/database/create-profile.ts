import type { Origin } from '../../../model/session.ts'
import type { PostgresStatement, PostgresTransaction } from './postgres-statement.ts'

const insertProfile: PostgresStatement = {
  name: 'insert-profile',
  text: 'INSERT INTO profiles (name, read_marks_start, from_hermes) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING',
}

const insertChangeSequences: PostgresStatement = {
  name: 'insert-change-sequences',
  text: `INSERT INTO change_sequences (profile, feed, latest)
    SELECT $1, feed, 0 FROM unnest(ARRAY['conversation_settings', 'conversations', 'decisions', 'job_runs', 'search_entries']) AS feed
    ON CONFLICT DO NOTHING`,
}

/**
 * Adds the rows that every profile has. Resolves to false if they exist. `origin`: HERMES if Hermes has a profile of this name,
 * and nothing of Segue is written to it yet.
 */
export async function createProfile(transaction: PostgresTransaction, origin: Origin = 'SEGUE'): Promise<boolean> {
  const count = await transaction.execute(insertProfile, [origin === 'HERMES' ? 1 : 0])
  await transaction.execute(insertChangeSequences)
  return count > 0
}
