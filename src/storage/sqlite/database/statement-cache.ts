import type Database from 'better-sqlite3'
import { mapSqliteErrors } from './sqlite-errors.ts'

/** Is called with each error of a statement. */
export type OnSqlError = (error: unknown) => void

/** A prepared statement whose errors are those of the storage port. */
export class PreparedStatement<Parameters extends unknown[], Row> {
  readonly #statement: Database.Statement<Parameters, Row>
  readonly #onError: OnSqlError

  constructor(statement: Database.Statement<Parameters, Row>, onError: OnSqlError) {
    this.#statement = statement
    this.#onError = onError
  }

  run(...parameters: Parameters): Database.RunResult {
    return mapSqliteErrors(() => this.#statement.run(...parameters), this.#onError)
  }

  get(...parameters: Parameters): Row | undefined {
    return mapSqliteErrors(() => this.#statement.get(...parameters), this.#onError)
  }

  /** The columns of each table of a join in an object of their own. `Row` is such an object. */
  getByTable(...parameters: Parameters): Row | undefined {
    return mapSqliteErrors(() => this.#statement.expand(true).get(...parameters), this.#onError)
  }

  all(...parameters: Parameters): Row[] {
    return mapSqliteErrors(() => this.#statement.all(...parameters), this.#onError)
  }

  /** The first column of each row, of type `Row`: takes half as long as rows with several. */
  allOfFirstColumn(...parameters: Parameters): Row[] {
    return mapSqliteErrors(() => this.#statement.pluck(true).all(...parameters), this.#onError)
  }

  /** The connection can run no other writing statement until the iteration has ended. */
  *iterate(...parameters: Parameters): Generator<Row, void, void> {
    const rows = mapSqliteErrors(() => this.#statement.iterate(...parameters), this.#onError)
    try {
      for (;;) {
        const next = mapSqliteErrors(() => rows.next(), this.#onError)
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
  readonly #onError: OnSqlError
  readonly #prepared = new Map<string, PreparedStatement<unknown[], unknown>>()

  constructor(connection: Database.Database, onError: OnSqlError = () => undefined) {
    this.#connection = connection
    this.#onError = onError
  }

  prepare<Parameters extends unknown[], Row = unknown>(sql: string): PreparedStatement<Parameters, Row> {
    let statement = this.#prepared.get(sql)
    if (!statement) {
      statement = new PreparedStatement(
        mapSqliteErrors(() => this.#connection.prepare<unknown[], unknown>(sql), this.#onError),
        this.#onError,
      )
      this.#prepared.set(sql, statement)
    }
    // The one place that trusts a caller about the shape of a row.
    return statement as PreparedStatement<Parameters, Row>
  }
}
