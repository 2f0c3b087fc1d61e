import { DatabaseNotMigratedError } from '../../errors.ts'
import { MigrationError } from '../../migration/migration-error.ts'
import type { MigrationSource } from '../../migration/migration-storage.ts'
import { latestVersion } from '../database/migrate.ts'
import { isOfHermesAlone } from '../database/profile-table.ts'
import { MigrationConnection, type MigrationDatabase } from './migration-connection.ts'
import { PostgresMigrationReader } from './postgres-migration-reader.ts'

/** An installation that no server uses. Nothing in it changes. */
export class PostgresMigrationSource extends PostgresMigrationReader implements MigrationSource {
  /** Throws MigrationError, DatabaseTooNewError, DatabaseNotMigratedError and StorageError. */
  static async open(database: MigrationDatabase): Promise<PostgresMigrationSource> {
    const connection = await MigrationConnection.open(database)
    if (!connection)
      throw new MigrationError(
        `The database has no tables of Segue in the schema ${database.schema}. Check the URL, and SEGUE_DATABASE_SCHEMA.`,
      )
    if (connection.version === latestVersion) return new PostgresMigrationSource(connection)
    await connection.close()
    throw new DatabaseNotMigratedError(`schema ${database.schema}`)
  }

  /** Deleted profiles are not copied, and nothing of Hermes is. */
  async listProfiles(): Promise<string[]> {
    const rows = await this.connection.query<{ name: string }>(
      `SELECT name FROM profiles WHERE name NOT LIKE '.%' AND NOT ${isOfHermesAlone} ORDER BY name`,
    )
    return rows.map(({ name }) => name)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close()
  }
}
