import { join } from 'node:path'
import Database from 'better-sqlite3'

/**
 * A test's own connection to a database file, like that of another process. All tests but those of storage and of Hermes
 * look into databases through it. Use one connection for many reads: a new one has to load the schema.
 */
export class TestDatabase implements Disposable {
  readonly #database: Database.Database

  /** Creates the file unless `readonly` is set. */
  constructor(path: string, options: { readonly readonly?: boolean } = {}) {
    this.#database = new Database(path, options)
  }

  /** Opens the database in the folder of a profile, which must exist, for reading. */
  static read(folder: string): TestDatabase {
    return new TestDatabase(join(folder, 'segue.db'), { readonly: true })
  }

  /** Opens the database in the folder of a profile for reading and writing. */
  static write(folder: string): TestDatabase {
    return new TestDatabase(join(folder, 'segue.db'))
  }

  /** Executes statements without parameters, such as a schema or a PRAGMA. */
  exec(sql: string): void {
    this.#database.exec(sql)
  }

  /** Executes statements that may also change what SQLite protects, such as the tables within a full-text index. */
  execUnprotected(sql: string): void {
    this.#database.unsafeMode(true).exec(sql)
  }

  /** Runs a statement that writes. */
  run(sql: string, ...values: readonly unknown[]): void {
    this.#database.prepare<unknown[]>(sql).run(...values)
  }

  /** The rows of a query. */
  all<Row = unknown>(sql: string, ...values: readonly unknown[]): Row[] {
    return this.#database.prepare<unknown[], Row>(sql).all(...values)
  }

  /** The first column of the first row of a query, or of a PRAGMA; undefined without a row. */
  value(sql: string, ...values: readonly unknown[]): unknown {
    return this.#database
      .prepare<unknown[]>(sql)
      .pluck()
      .get(...values)
  }

  /** The names of all tables, with those of a search index. */
  listTables(): string[] {
    const tables = this.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return tables.map(({ name }) => name)
  }

  /** All rows of every table. */
  readAll(): Record<string, unknown[]> {
    return Object.fromEntries(this.listTables().map((name) => [name, this.all(`SELECT * FROM ${name}`)]))
  }

  /** The number of rows for which this holds, as in `streams WHERE id = ?`. */
  count(tableAndCondition: string, ...values: readonly unknown[]): number {
    return Number(this.value(`SELECT count(*) FROM ${tableAndCondition}`, ...values))
  }

  /** The steps of the query plan of a statement. */
  explain(sql: string): string[] {
    const plan = this.#database.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all()
    return plan.map(({ detail }) => detail)
  }

  /** The bytes of the database file. */
  serialize(): Buffer {
    return this.#database.serialize()
  }

  close(): void {
    this.#database.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
