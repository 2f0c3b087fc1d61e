import type Database from 'better-sqlite3'

/** The statements of a connection, each prepared once and kept. */
export class StatementCache {
  readonly #connection: Database.Database
  readonly #prepared = new Map<string, Database.Statement>()

  constructor(connection: Database.Database) {
    this.#connection = connection
  }

  prepare<Parameters extends unknown[], Row = unknown>(sql: string): Database.Statement<Parameters, Row> {
    let statement = this.#prepared.get(sql)
    if (!statement) {
      statement = this.#connection.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    // The one place where a row's shape is taken on trust: the statement beside each call says what it selects.
    return statement as Database.Statement<Parameters, Row>
  }
}

/** Whoever has statements: a connection's own, or a database's, whose connection can change. */
export type SqlConnection = Pick<StatementCache, 'prepare'>
