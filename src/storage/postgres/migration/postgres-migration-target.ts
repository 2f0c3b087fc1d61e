import { randomUUID } from 'node:crypto'
import { MigrationError } from '../../migration/migration-error.ts'
import { type MigratedTable, migratedTables, type StoredRow } from '../../migration/migrated-tables.ts'
import type { MigrationTarget } from '../../migration/migration-storage.ts'
import { appendChunk, chunkSize, createContent, keepContent } from '../blobs/blob-tables.ts'
import { processPendingSessions } from '../conversation-index/conversation-index-maintainer.ts'
import { createProfile } from '../database/create-profile.ts'
import { migrate } from '../database/migrate.ts'
import { PostgresDatabase } from '../database/postgres-database.ts'
import { splitEvenly } from '../blobs/split-evenly.ts'
import { MigrationConnection, type MigrationDatabase } from './migration-connection.ts'
import { PostgresMigrationReader } from './postgres-migration-reader.ts'
import { insertPostgresRows } from './postgres-rows.ts'

/** The triggers queue only what is inserted or becomes searchable, but not copies that are searchable already. */
const queueStandIns = `INSERT INTO search_queue (profile, kind, id) SELECT profile, 'message', id FROM messages
  WHERE stands_in = 1 AND copy_of IS NOT NULL AND role <> 'SYSTEM'`

/** Every row of a session has queued it. */
const deleteRepeatedPending = `DELETE FROM pending_sessions
  WHERE number NOT IN (SELECT min(number) FROM pending_sessions GROUP BY profile, session_id)`

/** Tables of this engine alone that are not small. Without statistics, the first statements would read whole tables. */
const analyzedTables = [
  ...migratedTables.map(({ name }) => name).filter((name) => name !== 'read_marks_start'),
  'pending_sessions',
  'search_queue',
]

/**
 * An installation without profiles. Everything is written in one transaction: servers that start meanwhile wait, and until
 * the commit there is nothing.
 */
export class PostgresMigrationTarget extends PostgresMigrationReader implements MigrationTarget {
  readonly #database: MigrationDatabase
  readonly #profiles: string[] = []

  private constructor(connection: MigrationConnection, database: MigrationDatabase) {
    super(connection)
    this.#database = database
  }

  /** Creates or updates the tables. Throws MigrationError, DatabaseTooNewError and StorageError. */
  static async open(database: MigrationDatabase): Promise<PostgresMigrationTarget> {
    // Before anything changes.
    const before = await openEmpty(database)
    await before?.close()
    const tables = new PostgresDatabase({ ...database, maxConnections: 1 })
    try {
      await migrate(tables)
    } finally {
      await tables.close()
    }
    const connection = await openEmpty(database)
    if (!connection) throw new Error('The tables were deleted after they were created.')
    return new PostgresMigrationTarget(connection, database)
  }

  async createProfile(profile: string): Promise<void> {
    this.#profiles.push(profile)
    await createProfile(this.connection.forProfile(profile))
  }

  insertRows(profile: string, table: MigratedTable, rows: readonly StoredRow[]): Promise<void> {
    return insertPostgresRows(this.connection, profile, table, rows)
  }

  async writeBlob(profile: string, hash: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const transaction = this.connection.forProfile(profile)
    const contentId = randomUUID()
    await createContent(transaction, contentId)
    let size = 0
    for await (const chunk of splitEvenly(bytes)) {
      await appendChunk(transaction, contentId, size / chunkSize, chunk)
      size += chunk.length
    }
    await keepContent(transaction, hash, { contentId, size })
  }

  async finishWriting(): Promise<void> {
    await this.connection.query(queueStandIns)
    await this.connection.query(`ANALYZE ${analyzedTables.join(', ')}`)
  }

  /** Builds the lists of conversations afterwards, for which the first requests would have to wait. */
  async commit(): Promise<void> {
    await this.connection.query(deleteRepeatedPending)
    await this.connection.commit()
    // Servers go on where this ends.
    await this.#buildLists().catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close()
  }

  async #buildLists(): Promise<void> {
    const database = new PostgresDatabase({ ...this.#database, maxConnections: 1 })
    try {
      for (const profile of this.#profiles) while (await database.write(profile, processPendingSessions));
    } finally {
      await database.close()
    }
  }
}

/** Resolves to null if there are no tables. */
async function openEmpty(database: MigrationDatabase): Promise<MigrationConnection | null> {
  const connection = await MigrationConnection.open(database)
  const profiles = await connection?.query('SELECT 1 FROM profiles LIMIT 1')
  if (!profiles?.length) return connection
  await connection?.close()
  throw new MigrationError(
    `The schema ${database.schema} of the database has profiles already. Set SEGUE_DATABASE_SCHEMA to the name of another one, or drop it.`,
  )
}
