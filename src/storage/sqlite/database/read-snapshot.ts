import Database from 'better-sqlite3'
import { Statements } from './statement-cache.ts'
import { explained, refuseNewer, versionOf } from './sqlite-database.ts'
import { migrations } from './migrations.ts'

/** The file was written by an older Segue, and not opened by this one since. Nothing in it was touched. */
export class OlderDatabaseError extends Error {
  override readonly name = 'OlderDatabaseError'

  constructor(path: string) {
    super(`The database ${path} is an older Segue's. Start this one once, which brings it up to date.`)
  }
}

/** A profile's database as it is at one moment, whoever goes on writing to it. */
export class Snapshot extends Statements implements Disposable {
  readonly #connection: Database.Database

  private constructor(connection: Database.Database) {
    super(connection)
    this.#connection = connection
  }

  /** Throws NewerDatabaseError, OlderDatabaseError and UnusableDatabaseError. */
  static of(path: string): Snapshot {
    let connection: Database.Database | null = null
    try {
      connection = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 })
      connection.exec('BEGIN')
      refuseNewer(connection, path)
      if (versionOf(connection) < migrations.length) throw new OlderDatabaseError(path)
      return new Snapshot(connection)
    } catch (error) {
      connection?.close()
      throw explained(error, path)
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }
}
