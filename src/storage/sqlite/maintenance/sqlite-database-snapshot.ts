import Database from 'better-sqlite3'
import type { DatabaseSnapshot } from '../../maintenance/backup-storage.ts'
import { assertSupportedDatabaseVersion, readSchemaVersion } from '../database/migrate.ts'
import { migrations } from '../database/migrations.ts'
import { toDatabaseOpenError, toStorageError } from '../database/sqlite-errors.ts'
import { listReferencedBlobs } from './list-referenced-blobs.ts'

const busyTimeoutMs = 5_000
/** Pages that are copied before the event loop has its turn: 16 MiB. */
const pagesPerStep = 4_096

/** A snapshot that a read transaction holds: SQLite does not start the copy again when a server writes meanwhile. */
export class SqliteDatabaseSnapshot implements DatabaseSnapshot {
  readonly #connection: Database.Database
  readonly #isCurrent: boolean

  private constructor(connection: Database.Database) {
    this.#connection = connection
    this.#isCurrent = readSchemaVersion(connection) === migrations.length
  }

  /** Works with every older version of the schema. Throws DatabaseTooNewError and DatabaseUnusableError. */
  static open(path: string): SqliteDatabaseSnapshot {
    let connection: Database.Database | null = null
    try {
      connection = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
      connection.exec('BEGIN')
      // The first statement that reads takes the snapshot.
      assertSupportedDatabaseVersion(connection, path)
      return new SqliteDatabaseSnapshot(connection)
    } catch (error) {
      connection?.close()
      throw toDatabaseOpenError(error, path)
    }
  }

  listReferencedBlobs(): string[] {
    if (!this.#isCurrent) return []
    return listReferencedBlobs(this.#connection)
  }

  async copyTo(path: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#connection.backup(path, {
        progress: () => {
          signal.throwIfAborted()
          return pagesPerStep
        },
      })
      const copy = new Database(path)
      try {
        // A file in WAL mode cannot be read without side files.
        copy.pragma('journal_mode = DELETE')
      } finally {
        copy.close()
      }
    } catch (error) {
      throw toStorageError(error)
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }
}
