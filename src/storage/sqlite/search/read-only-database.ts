import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { StatementSource } from './search-index.ts'

/** A read-only connection to a profile's own database. Before the first write there is no file to open. */
export class ReadOnlyDatabase implements StatementSource {
  readonly #path: string
  readonly #onStatement: ((sql: string) => void) | null
  readonly #statements = new Map<string, Database.Statement>()
  #connection: Database.Database | null = null

  constructor(path: string, onStatement: ((sql: string) => void) | null) {
    this.#path = path
    this.#onStatement = onStatement
  }

  /** False as long as there is nothing to read. */
  tryOpen(): boolean {
    if (this.#connection) return true
    if (!existsSync(this.#path)) return false
    const onStatement = this.#onStatement
    const connection = new Database(this.#path, {
      readonly: true,
      fileMustExist: true,
      verbose: onStatement ? (sql) => onStatement(String(sql)) : undefined,
    })
    // The other thread may be making it.
    const hasSchema =
      connection.prepare("SELECT 1 FROM sqlite_master WHERE name = 'search_backfill'").get() !== undefined
    if (hasSchema) this.#connection = connection
    else connection.close()
    return hasSchema
  }

  prepare<Parameters extends unknown[], Row = unknown>(sql: string): Database.Statement<Parameters, Row> {
    if (!this.#connection) throw new Error('the database is not open')
    const statement = this.#statements.get(sql) ?? this.#connection.prepare(sql)
    this.#statements.set(sql, statement)
    // The one place where a row's shape is taken on trust: the statement beside each call says what it selects.
    return statement as Database.Statement<Parameters, Row>
  }

  close(): void {
    this.#statements.clear()
    this.#connection?.close()
    this.#connection = null
  }
}
