import type { PostgresConnection, PostgresStatement, PostgresValue } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'

/** Takes the snapshot, and keeps it while whoever reads from it works on something else. */
const beginSnapshot: PostgresStatement = {
  name: 'begin-snapshot',
  text: `SELECT set_config('idle_in_transaction_session_timeout', '0', true) WHERE $1::text IS NOT NULL`,
}

/** The rows of a profile as they were at one moment, on a connection of their own. */
export class PostgresReadSnapshot implements Pick<PostgresConnection, 'profile' | 'query'>, AsyncDisposable {
  readonly profile: string
  readonly #connection: PostgresConnection
  readonly #end: () => Promise<void>

  private constructor(connection: PostgresConnection, end: () => Promise<void>) {
    this.profile = connection.profile
    this.#connection = connection
    this.#end = end
  }

  static async open(database: PostgresProfileDatabase): Promise<PostgresReadSnapshot> {
    const [opened, ended] = [Promise.withResolvers<PostgresConnection>(), Promise.withResolvers<void>()]
    const transaction = database.readSnapshot(async (connection) => {
      await connection.query(beginSnapshot)
      opened.resolve(connection)
      await ended.promise
    })
    transaction.catch(opened.reject)
    return new PostgresReadSnapshot(await opened.promise, () => {
      ended.resolve()
      return transaction
    })
  }

  query<Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]> {
    return this.#connection.query(statement, values)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end()
  }
}
