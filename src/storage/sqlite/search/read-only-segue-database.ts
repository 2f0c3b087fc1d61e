import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import { createSqlStatementPublisher } from '../../../lib/sql-channel.ts'
import { readSchemaVersion } from '../database/migrate.ts'
import { migrations } from '../database/migrations.ts'
import { type PreparedStatement, type SqlConnection, StatementCache } from '../database/statement-cache.ts'

/** A read-only connection to a profile's database. It opens once the file exists and has today's schema. */
export class ReadOnlySegueDatabase implements SqlConnection {
  readonly #path: string
  #connection: Database.Database | null = null
  #statements: StatementCache | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** False while there is nothing to read: the main thread creates the file and migrates it. */
  tryOpen(): boolean {
    if (this.#connection) return true
    if (!existsSync(this.#path)) return false
    const connection = new Database(this.#path, {
      readonly: true,
      fileMustExist: true,
      verbose: createSqlStatementPublisher('segue', this.#path),
    })
    const isCurrent = readSchemaVersion(connection) === migrations.length
    if (isCurrent) {
      this.#connection = connection
      this.#statements = new StatementCache(connection)
    } else connection.close()
    return isCurrent
  }

  prepare<Parameters extends unknown[], Row = unknown>(sql: string): PreparedStatement<Parameters, Row> {
    if (!this.#statements) throw new Error('The database is not open. Call tryOpen first.')
    return this.#statements.prepare(sql)
  }

  close(): void {
    this.#statements = null
    this.#connection?.close()
    this.#connection = null
  }
}
