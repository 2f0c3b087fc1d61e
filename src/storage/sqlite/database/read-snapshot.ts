import Database from 'better-sqlite3'
import { StatementCache } from './statement-cache.ts'
import { toDatabaseError, assertSupportedVersion, readSchemaVersion } from './sqlite-database.ts'
import { migrations } from './migrations.ts'

/** The file was written by an older Segue, and not opened by this one since. Nothing in it was touched. */
export class DatabaseTooOldError extends Error {
  override readonly name = 'DatabaseTooOldError'

  constructor(path: string) {
    super(`The database ${path} is an older Segue's. Start this one once, which brings it up to date.`)
  }
}

/** A profile's database as it is at one moment, whoever goes on writing to it. */
export class ReadSnapshot extends StatementCache implements Disposable {
  readonly #connection: Database.Database

  private constructor(connection: Database.Database) {
    super(connection)
    this.#connection = connection
  }

  /** Throws NewerDatabaseError, OlderDatabaseError and UnusableDatabaseError. */
  static open(path: string): ReadSnapshot {
    let connection: Database.Database | null = null
    try {
      connection = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 })
      connection.exec('BEGIN')
      assertSupportedVersion(connection, path)
      if (readSchemaVersion(connection) < migrations.length) throw new DatabaseTooOldError(path)
      return new ReadSnapshot(connection)
    } catch (error) {
      connection?.close()
      throw toDatabaseError(error, path)
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }
}
