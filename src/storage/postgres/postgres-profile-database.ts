import { Notifier } from '../../lib/async/notifier.ts'
import { SegueError } from '../../lib/errors.ts'
import type { ProfileChangeNotifiers } from '../change-notifier.ts'
import { createProfile } from './database/create-profile.ts'
import type { PostgresDatabase } from './database/postgres-database.ts'
import type {
  PostgresConnection,
  PostgresStatement,
  PostgresTransaction,
  PostgresValue,
} from './database/postgres-statement.ts'

/** The rows of one profile. $1 of every statement is the profile's name; `values` are $2, $3, … */
export class PostgresProfileDatabase implements PostgresConnection {
  readonly profile: string
  readonly changes: ProfileChangeNotifiers = { decisions: new Notifier(), jobRuns: new Notifier() }
  readonly #database: PostgresDatabase
  /** The first write adds the row of the profile. */
  #hasRow = false
  #isClosed = false
  #onWritten: () => void = () => undefined

  constructor(database: PostgresDatabase, profile: string) {
    this.#database = database
    this.profile = profile
  }

  /** One statement by itself. */
  async query<Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]> {
    this.#assertOpen()
    return this.#database.query(this.profile, statement, values)
  }

  /** Several statements that see one snapshot. */
  async readSnapshot<Result>(read: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    this.#assertOpen()
    return this.#database.readSnapshot(this.profile, read)
  }

  /** All of it or nothing. `write` is called again after a deadlock: it changes nothing but rows. */
  async write<Result>(write: (transaction: PostgresTransaction) => Promise<Result>): Promise<Result> {
    this.#assertOpen()
    if (!this.#hasRow) await this.#database.write(this.profile, createProfile)
    this.#hasRow = true
    const result = await this.#database.write(this.profile, write)
    this.#onWritten()
    return result
  }

  /** There is one listener, which is called after each commit of this process. */
  onWritten(listener: () => void): void {
    this.#onWritten = listener
  }

  /** Every later call throws NOT_FOUND. */
  close(): void {
    this.#isClosed = true
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SegueError('NOT_FOUND', 'This profile was closed.')
  }
}
