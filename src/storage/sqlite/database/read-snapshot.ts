import Database from 'better-sqlite3'
import { statementPublisher } from '../../../lib/sql-channel.ts'
import { DatabaseTooOldError } from '../../errors.ts'
import { toOpenError } from './sqlite-errors.ts'
import { assertSupportedVersion, readSchemaVersion } from './migrate.ts'
import { migrations } from './migrations.ts'
import { StatementCache } from './statement-cache.ts'

const busyTimeoutMs = 5_000

/** A profile's database as it is when it is opened, whatever is written to it later. */
export class ReadSnapshot extends StatementCache implements Disposable {
  readonly #connection: Database.Database

  private constructor(connection: Database.Database) {
    super(connection)
    this.#connection = connection
  }

  /** Throws DatabaseTooNewError, DatabaseTooOldError and DatabaseUnusableError. */
  static open(path: string): ReadSnapshot {
    let connection: Database.Database | null = null
    try {
      connection = new Database(path, {
        readonly: true,
        fileMustExist: true,
        timeout: busyTimeoutMs,
        verbose: statementPublisher('segue', path),
      })
      connection.exec('BEGIN')
      assertSupportedVersion(connection, path)
      if (readSchemaVersion(connection) < migrations.length) throw new DatabaseTooOldError(path)
      return new ReadSnapshot(connection)
    } catch (error) {
      connection?.close()
      throw toOpenError(error, path)
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }
}
