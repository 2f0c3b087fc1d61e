import type { PostgresStatement, PostgresTransaction } from './postgres-statement.ts'

const insertProfile: PostgresStatement = {
  name: 'insert-profile',
  text: 'INSERT INTO profiles (name, read_marks_start) VALUES ($1, 0) ON CONFLICT DO NOTHING',
}

const insertChangeSequences: PostgresStatement = {
  name: 'insert-change-sequences',
  text: `INSERT INTO change_sequences (profile, feed, latest)
    SELECT $1, feed, 0 FROM unnest(ARRAY['conversation_settings', 'conversations', 'decisions', 'job_runs', 'search_entries']) AS feed
    ON CONFLICT DO NOTHING`,
}

/** Adds the rows that every profile has. Resolves to false if they exist. */
export async function createProfile(transaction: PostgresTransaction): Promise<boolean> {
  const count = await transaction.execute(insertProfile)
  await transaction.execute(insertChangeSequences)
  return count > 0
}
