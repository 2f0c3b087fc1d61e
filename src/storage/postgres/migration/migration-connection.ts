import pg from 'pg'
import { DatabaseTooNewError, StorageError } from '../../errors.ts'
import { MigrationError } from '../../migration/migration-error.ts'
import type { StoredRow } from '../../migration/migrated-tables.ts'
import { latestVersion } from '../database/migrate.ts'
import { toStorageError } from '../database/postgres-errors.ts'
import type { PostgresStatement, PostgresTransaction, PostgresValue } from '../database/postgres-statement.ts'
import { toDriverValue, typeParsers } from '../database/value-conversion.ts'

export interface MigrationDatabase {
  readonly url: string
  readonly schema: string
}

const connectTimeoutMs = 10_000
/** Servers that run hold no lock for longer. */
const lockTimeoutMs = 5_000

/**
 * One transaction over the tables of an installation that no server uses: none starts before its end. Without a commit,
 * everything is as it was. Its statements have no names, because a pooler may share the connection with others.
 */
export class MigrationConnection {
  readonly #client: pg.Client
  #version = 0

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /** Resolves to null if there are no tables. Throws MigrationError and StorageError. */
  static async open(database: MigrationDatabase): Promise<MigrationConnection | null> {
    const client = new pg.Client({
      connectionString: database.url,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: 'segue migrate',
      types: typeParsers,
    })
    // The statement that uses the connection fails as well.
    client.on('error', () => undefined)
    const connection = new MigrationConnection(client)
    try {
      await client.connect()
      if (await connection.#begin(database.schema)) return connection
      await connection.close()
      return null
    } catch (error) {
      await connection.close()
      throw toStorageError(error)
    }
  }

  /** Of the tables. */
  get version(): number {
    return this.#version
  }

  /** One statement. $1 is its first value. */
  async query<Row extends object = StoredRow>(text: string, values: readonly PostgresValue[] = []): Promise<Row[]> {
    const { rows } = await this.#run<Row>(text, values)
    return rows
  }

  /** For functions that write rows of a profile. */
  forProfile(profile: string): PostgresTransaction {
    const run = <Row extends object>({ text }: PostgresStatement, values: readonly PostgresValue[] = []) =>
      this.#run<Row>(text, [profile, ...values])
    return {
      profile,
      process: 0,
      query: async <Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]) =>
        (await run<Row>(statement, values)).rows,
      execute: async (statement, values) => (await run(statement, values)).rowCount ?? 0,
      attempt: (work) => work(),
      onCommitted: () => undefined,
    }
  }

  async commit(): Promise<void> {
    await this.#run('COMMIT')
  }

  /** Without a commit, everything is undone. */
  async close(): Promise<void> {
    // A pooler would end the session, and its locks would last a little longer.
    await this.#client.query('ROLLBACK').catch(() => undefined)
    await this.#client.end().catch(() => undefined)
  }

  /** Resolves to false if there are no tables. */
  async #begin(schema: string): Promise<boolean> {
    await this.#run('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await this.#run(`SET LOCAL search_path = ${pg.escapeIdentifier(schema)}`)
    await this.#run(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
    await this.#run('SET LOCAL idle_in_transaction_session_timeout = 0')
    await this.#run('SET LOCAL jit = off')
    try {
      // Servers that start add a row. The snapshot is taken afterwards.
      await this.#run('LOCK TABLE processes IN SHARE ROW EXCLUSIVE MODE')
    } catch (error) {
      const code = error instanceof StorageError && error.cause instanceof pg.DatabaseError ? error.cause.code : ''
      if (code === '42P01') return false
      throw code === '55P03' ? createInUseError(schema) : error
    }
    const servers = await this.query('SELECT 1 FROM processes WHERE lease_until > clock_timestamp() LIMIT 1')
    if (servers.length > 0) throw createInUseError(schema)
    const [stored] = await this.query<{ version: number }>('SELECT version FROM schema_version')
    this.#version = stored?.version ?? 0
    if (this.#version > latestVersion) throw new DatabaseTooNewError(`schema ${schema}`, this.#version, latestVersion)
    return true
  }

  async #run<Row extends object>(text: string, values: readonly PostgresValue[] = []): Promise<pg.QueryResult<Row>> {
    try {
      return await this.#client.query<Row>({ text, values: values.map(toDriverValue) })
    } catch (error) {
      throw toStorageError(error)
    }
  }
}

function createInUseError(schema: string): MigrationError {
  return new MigrationError(
    `Servers use the schema ${schema} of the database, or another migration does. Stop them, and run it again. One that was ` +
      'killed counts as running for 10 seconds.',
  )
}
