import Database from 'better-sqlite3'
import type { DatabaseInspection, DatabaseProblem } from '../../maintenance/database-inspection.ts'
import { assertSupportedDatabaseVersion, readSchemaVersion } from '../database/migrate.ts'
import { migrations } from '../database/migrations.ts'
import { toDatabaseOpenError } from '../database/sqlite-errors.ts'
import { StatementCache } from '../database/statement-cache.ts'
import { findAnswerProblems, findConversationIndexProblems, findSearchIndexProblems } from './find-inconsistencies.ts'
import { findDamage } from './find-damage.ts'
import { listReadableSessionIds } from './list-readable-session-ids.ts'
import { listReferencedBlobs } from './list-referenced-blobs.ts'

const busyTimeoutMs = 5_000

/** Reads one snapshot of the database. */
export class SqliteDatabaseInspection implements DatabaseInspection {
  readonly #connection: Database.Database
  readonly isCurrent: boolean

  private constructor(connection: Database.Database) {
    this.#connection = connection
    this.isCurrent = readSchemaVersion(connection) === migrations.length
  }

  /** Throws DatabaseTooNewError and DatabaseUnusableError. */
  static open(path: string): SqliteDatabaseInspection {
    let connection: Database.Database | null = null
    try {
      connection = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
      connection.exec('BEGIN')
      assertSupportedDatabaseVersion(connection, path)
      return new SqliteDatabaseInspection(connection)
    } catch (error) {
      connection?.close()
      throw toDatabaseOpenError(error, path)
    }
  }

  findDamage(): DatabaseProblem[] {
    return findDamage(this.#connection)
  }

  *findInconsistencies(): Generator<DatabaseProblem> {
    const db = new StatementCache(this.#connection)
    yield* findAnswerProblems(db)
    yield* findSearchIndexProblems(db)
    yield* findConversationIndexProblems(db)
  }

  listReferencedBlobs(): string[] {
    return listReferencedBlobs(this.#connection)
  }

  listReadableSessionIds(): string[] {
    return listReadableSessionIds(this.#connection)
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }
}
