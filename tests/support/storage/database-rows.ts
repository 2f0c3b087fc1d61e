import { join } from 'node:path'
import Database from 'better-sqlite3'

/**
 * Reads what is kept in a profile's folder, from beside its server. One connection is for all that is looked up: a new
 * one would have to learn the schema each time.
 */
export class DatabaseRows implements Disposable {
  readonly #database: Database.Database
  readonly #tables: ReadonlyMap<string, Database.Statement>

  /** The database has to be there. */
  constructor(folder: string) {
    this.#database = new Database(join(folder, 'segue.db'), { readonly: true })
    const names = this.#database.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck()
    this.#tables = new Map(names.all().map((name) => [name, this.#database.prepare(`SELECT * FROM ${name}`)]))
  }

  /** All rows of every table. */
  readAll(): Record<string, unknown[]> {
    return Object.fromEntries([...this.#tables].map(([name, rows]) => [name, rows.all()]))
  }

  /** How many rows there are of which this holds, as in `streams WHERE id = ?`. */
  count(tableAndCondition: string, ...values: string[]): number {
    const counted = this.#database.prepare<string[], number>(`SELECT count(*) FROM ${tableAndCondition}`).pluck()
    return counted.get(...values) ?? 0
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}
