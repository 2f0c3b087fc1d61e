import pg from 'pg'
import { DatabaseTooNewError } from '../../errors.ts'
import { chatTables } from './migrations/001-chats.ts'
import { decisionTables } from './migrations/002-decisions-and-settings.ts'
import { jobTables } from './migrations/003-jobs-and-usage.ts'
import { conversationIndexTables } from './migrations/004-conversation-index.ts'
import { processTables } from './migrations/005-processes.ts'
import { blobTables } from './migrations/006-blobs.ts'
import { searchTables } from './migrations/007-search.ts'
import { sessionClaimTables } from './migrations/008-session-claims.ts'
import { hermesTables } from './migrations/009-hermes.ts'
import { hermesUsageColumns } from './migrations/010-hermes-usage.ts'
import { profilesOfHermes } from './migrations/011-profiles-of-hermes.ts'
import { hermesReadMarks } from './migrations/012-hermes-read-marks.ts'
import { processNumbers } from './migrations/013-process-numbers.ts'
import type { InstallationConnection, PostgresDatabase } from './postgres-database.ts'

/** Applied in this order, each once. What has been released is never changed. */
const migrations: readonly string[] = [
  chatTables,
  decisionTables,
  jobTables,
  conversationIndexTables,
  processTables,
  blobTables,
  searchTables,
  sessionClaimTables,
  hermesTables,
  hermesUsageColumns,
  profilesOfHermes,
  hermesReadMarks,
  processNumbers,
]

/** The version of the tables after all of them. */
export const latestVersion = migrations.length

/** The key of the advisory lock that one process holds while it migrates: "segue" in ASCII. */
const lockKey = 0x73_65_67_75_65

/**
 * Brings the schema of the installation up to date, and creates it first. One process at a time; the others wait. Throws
 * DatabaseTooNewError.
 */
export function migrate(database: PostgresDatabase): Promise<void> {
  return database.withTransaction(async (client) => {
    // For the transaction, because a pooler may give each transaction another session.
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey])
    await applyMigrations(client, database.schema)
  })
}

async function applyMigrations(client: InstallationConnection, schema: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
  if (!rowCount) await client.query(`CREATE SCHEMA ${pg.escapeIdentifier(schema)}`)
  await client.query('CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL)')
  const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version')
  const version = rows[0]?.version ?? 0
  if (version > migrations.length) throw new DatabaseTooNewError(`schema ${schema}`, version, migrations.length)
  for (const sql of migrations.slice(version)) await client.query(sql)
  if (rows.length === 0) await client.query('INSERT INTO schema_version VALUES ($1)', [migrations.length])
  else if (version < migrations.length)
    await client.query('UPDATE schema_version SET version = $1', [migrations.length])
}
