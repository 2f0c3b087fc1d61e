import Database from 'better-sqlite3'
import { createSqlStatementPublisher } from '../../../lib/sql-channel.ts'
import { DatabaseNotMigratedError } from '../../errors.ts'
import { toDatabaseOpenError } from './sqlite-errors.ts'
import { assertSupportedDatabaseVersion, readSchemaVersion } from './migrate.ts'
import { migrations } from './migrations.ts'
import { StatementCache } from './statement-cache.ts'

const busyTimeoutMs = 5_000

/** A profile's database as it is when it is opened, whatever is written to it later. */
export class DatabaseReadSnapshot extends StatementCache implements Disposable {
  readonly #connection: Database.Database

  private constructor(connection: Database.Database) {
    super(connection)
    this.#connection = connection
  }

  /** Throws DatabaseTooNewError, DatabaseNotMigratedError and DatabaseUnusableError. */
  static open(path: string): DatabaseReadSnapshot {
    let connection: Database.Database | null = null
    try {
      connection = new Database(path, {
        readonly: true,
        fileMustExist: true,
        timeout: busyTimeoutMs,
        verbose: createSqlStatementPublisher('segue', path),
      })
      connection.exec('BEGIN')
      assertSupportedDatabaseVersion(connection, path)
      if (readSchemaVersion(connection) < migrations.length) throw new DatabaseNotMigratedError(path)
      return new DatabaseReadSnapshot(connection)
    } catch (error) {
      connection?.close()
      throw toDatabaseOpenError(error, path)
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }
}
