import { randomUUID } from 'node:crypto'
import { SegueError } from '../../../lib/errors.ts'
import { createProfile } from './create-profile.ts'
import type { PostgresDatabase } from './postgres-database.ts'
import type { PostgresStatement } from './postgres-statement.ts'

/** What only a write of Segue adds to a profile. */
const tablesOfSegue = ['sessions', 'jobs', 'conversation_settings', 'approval_rules', 'usage_sums', 'uploads']

/** Of a row of `profiles`: Hermes has added it, and Segue stores nothing for it. */
export const isOfHermesAlone = `(from_hermes = 1 AND NOT EXISTS (
  ${tablesOfSegue.map((table) => `SELECT 1 FROM ${table} WHERE profile = profiles.name`).join(' UNION ALL ')}
))`

/** Of a row of `profiles`: it is a profile, unless only Hermes has had it and has removed it. */
const exists = `NOT (${isOfHermesAlone} AND NOT EXISTS (
  SELECT 1 FROM hermes_agents WHERE profile = profiles.name AND state <> 'NOT_FOUND'
))`

const selectProfile: PostgresStatement = {
  name: 'select-profile',
  text: `SELECT 1 FROM profiles WHERE name = $1 AND ${exists}`,
}

const selectProfileOfHermesAlone: PostgresStatement = {
  name: 'select-profile-of-hermes-alone',
  text: `SELECT 1 FROM profiles WHERE name = $1 AND ${isOfHermesAlone}`,
}

/** Makes what Hermes has removed a profile of Segue. */
const adoptProfile: PostgresStatement = {
  name: 'adopt-profile',
  text: `UPDATE profiles SET from_hermes = 0 WHERE name = $1 AND NOT ${exists}`,
}

/** All tables follow; see the migrations. */
const renameProfile: PostgresStatement = {
  name: 'rename-profile',
  text: 'UPDATE profiles SET name = $2 WHERE name = $1',
  isLong: true,
}

/** In order. Those that were deleted have names that begin with a dot. */
export function listProfiles(database: PostgresDatabase): Promise<string[]> {
  return database.withClient(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT name FROM profiles WHERE name NOT LIKE '.%' AND ${exists} ORDER BY name`,
    )
    return rows.map(({ name }) => name)
  })
}

export async function hasProfile(database: PostgresDatabase, name: string): Promise<boolean> {
  return (await database.query(name, selectProfile)).length > 0
}

/** Whether Hermes has it, and nothing of Segue is in it. */
export async function isProfileOfHermesAlone(database: PostgresDatabase, name: string): Promise<boolean> {
  return (await database.query(name, selectProfileOfHermesAlone)).length > 0
}

/** Resolves to false if it exists. */
export function insertProfile(database: PostgresDatabase, name: string): Promise<boolean> {
  return database.write(
    name,
    async (transaction) => (await createProfile(transaction)) || (await transaction.execute(adoptProfile)) > 0,
  )
}

const selectUnfinished: PostgresStatement = {
  name: 'select-unfinished-stream-of-profile',
  text: 'SELECT 1 FROM streams WHERE profile = $1 AND finished_at IS NULL LIMIT 1',
}

/**
 * Gives a profile a name that no profile can have. It is no longer one then, but nothing is erased. Throws SESSION_BUSY while
 * any process has a stream in it.
 */
export async function trashProfile(database: PostgresDatabase, name: string): Promise<void> {
  // Two profiles of one name may be deleted in the same millisecond.
  const trashedName = `.deleted/${name}/${new Date().toISOString()}-${randomUUID().slice(0, 8)}`
  await database.write(name, async (transaction) => {
    const unfinished = await transaction.query(selectUnfinished)
    if (unfinished.length > 0)
      throw new SegueError('SESSION_BUSY', 'This profile has active streams. Wait for their end, or cancel them.')
    await transaction.execute(renameProfile, [trashedName])
  })
}
