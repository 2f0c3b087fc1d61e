import type Database from 'better-sqlite3'
import type { SqlConnection } from '../database/statement-cache.ts'
import { GenerationalCache } from './generational-cache.ts'
import { readDataVersion } from './read-data-version.ts'

/** About a megabyte of rows: twice what the largest page lists. */
const maxRows = 2048
/** What has more text, in UTF-16 code units, is read each time. */
const maxTextLength = 4096

export interface RowCacheOptions<Row> {
  /** Of the SQL function that the triggers call. */
  readonly name: string
  /** The tables that rows are read from, with the columns of their ids. */
  readonly tables: readonly { readonly table: string; readonly idColumn: string }[]
  readonly getId: (row: Row) => string
  /** Of the columns without a bound, in UTF-16 code units. */
  readonly getTextLength: (row: Row) => number
}

/**
 * The rows of a profile's database that were read last, by id, so that lists need not read and parse those that have not
 * changed. It always has what the database would return: triggers remove each row that this connection writes, and
 * everything is removed when another connection has written.
 */
export class RowCache<Row> {
  readonly #db: SqlConnection
  readonly #options: RowCacheOptions<Row>
  readonly #rows = new GenerationalCache<string, Row>(maxRows)
  #dataVersion = 0

  constructor(db: SqlConnection, options: RowCacheOptions<Row>) {
    this.#db = db
    this.#options = options
  }

  /** The number of rows in the cache. */
  get size(): number {
    return this.#rows.size
  }

  /** Begins with an empty cache for a connection, after its migrations. */
  watch(connection: Database.Database): void {
    const { name, tables } = this.#options
    this.#rows.clear()
    connection.function(name, (id: unknown) => {
      if (typeof id === 'string') this.#rows.delete(id)
    })
    for (const { table, idColumn } of tables)
      for (const event of ['INSERT', 'UPDATE', 'DELETE'])
        connection.exec(
          `CREATE TEMP TRIGGER ${name}_by_${event}_of_${table} AFTER ${event} ON main.${table} BEGIN
             SELECT ${name}(${event === 'DELETE' ? 'old' : 'new'}.${idColumn});
           END`,
        )
  }

  /**
   * The row of each of these ids, undefined where there is none. `read` reads those that the cache does not have. Call it
   * outside of transactions.
   */
  find(ids: readonly string[], read: (missing: readonly string[]) => readonly Row[]): (Row | undefined)[] {
    this.#discardIfWrittenByOthers()
    const kept = ids.map((id) => this.#rows.get(id))
    if (!kept.includes(undefined)) return kept
    const missing = ids.filter((_, index) => kept[index] === undefined)
    const { getId, getTextLength } = this.#options
    const found = new Map(read(missing).map((row) => [getId(row), row]))
    for (const [id, row] of found) if (getTextLength(row) <= maxTextLength) this.#rows.set(id, row)
    return ids.map((id, index) => kept[index] ?? found.get(id))
  }

  #discardIfWrittenByOthers(): void {
    const version = readDataVersion(this.#db)
    if (version !== this.#dataVersion) this.#rows.clear()
    this.#dataVersion = version
  }
}
