import type Database from 'better-sqlite3'
import { mapSqliteErrors } from './sqlite-errors.ts'

/** A prepared statement whose errors are those of the storage port. */
export class PreparedStatement<Parameters extends unknown[], Row> {
  readonly #statement: Database.Statement<Parameters, Row>

  constructor(statement: Database.Statement<Parameters, Row>) {
    this.#statement = statement
  }

  run(...parameters: Parameters): Database.RunResult {
    return mapSqliteErrors(() => this.#statement.run(...parameters))
  }

  get(...parameters: Parameters): Row | undefined {
    return mapSqliteErrors(() => this.#statement.get(...parameters))
  }

  /** The columns of each table of a join in an object of their own. `Row` is such an object. */
  getByTable(...parameters: Parameters): Row | undefined {
    return mapSqliteErrors(() => this.#statement.expand(true).get(...parameters))
  }

  all(...parameters: Parameters): Row[] {
    return mapSqliteErrors(() => this.#statement.all(...parameters))
  }

  /** The connection can run no other writing statement until the iteration has ended. */
  *iterate(...parameters: Parameters): Generator<Row, void, void> {
    const rows = mapSqliteErrors(() => this.#statement.iterate(...parameters))
    try {
      for (;;) {
        const next = mapSqliteErrors(() => rows.next())
        if (next.done) return
        yield next.value
      }
    } finally {
      rows.return?.()
    }
  }
}

/** What runs statements: a connection, or a database whose connection may change. */
export interface SqlConnection {
  /** Prepares each text once. `Row` is trusted: it must be what the statement selects. */
  prepare<Parameters extends unknown[], Row = unknown>(sql: string): PreparedStatement<Parameters, Row>
}

/** The prepared statements of one connection. */
export class StatementCache implements SqlConnection {
  readonly #connection: Database.Database
  readonly #prepared = new Map<string, PreparedStatement<unknown[], unknown>>()

  constructor(connection: Database.Database) {
    this.#connection = connection
  }

  prepare<Parameters extends unknown[], Row = unknown>(sql: string): PreparedStatement<Parameters, Row> {
    let statement = this.#prepared.get(sql)
    if (!statement) {
      statement = new PreparedStatement(mapSqliteErrors(() => this.#connection.prepare<unknown[], unknown>(sql)))
      this.#prepared.set(sql, statement)
    }
    // The one place that trusts a caller about the shape of a row.
    return statement as PreparedStatement<Parameters, Row>
  }
}
