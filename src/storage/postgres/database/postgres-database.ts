import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { isRepeatable, isUnreachable, toStorageError } from './postgres-errors.ts'
import type { PostgresConnection, PostgresStatement, PostgresTransaction, PostgresValue } from './postgres-statement.ts'
import { toDriverValue, typeParsers } from './value-conversion.ts'

export interface PostgresDatabaseOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  /** The PostgreSQL schema of the installation. Default: `segue`. */
  readonly schema?: string
  /** Default: 10. */
  readonly maxConnections?: number
  /** Connections that failed while nothing used them. The pool replaces them. */
  readonly onIdleError?: (error: Error) => void
}

const defaultSchema = 'segue'
const defaultMaxConnections = 10
const connectTimeoutMs = 10_000
/** How long a statement waits for a row that another transaction has locked. */
const lockTimeoutMs = 30_000
/** A process that stops in the middle of a transaction holds its locks no longer than this. */
const idleTransactionTimeoutMs = 60_000
/** Of a transaction that meets deadlocks. */
const maxAttempts = 8
/** How long the database may be unreachable until that is an error. */
const maxReconnectMs = 4_000

type Client = Pick<pg.Client, 'query'>

/** Works on one connection, in one transaction. */
interface TransactionWork<Result> {
  readonly profile: string
  readonly begin: string
  readonly run: (transaction: PostgresTransaction) => Promise<Result>
}

/** The database of an installation: one pool of connections for all profiles. Every error of PostgreSQL becomes a `StorageError`. */
export class PostgresDatabase {
  readonly schema: string
  /** The fencing number of this process, once it has one; see `ProcessLease`. */
  process = 0
  readonly #pool: pg.Pool

  constructor({
    url,
    schema = defaultSchema,
    maxConnections = defaultMaxConnections,
    onIdleError,
  }: PostgresDatabaseOptions) {
    this.schema = schema
    this.#pool = new pg.Pool({
      connectionString: url,
      max: maxConnections,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: 'segue',
      options: [
        `search_path=${schema}`,
        `lock_timeout=${lockTimeoutMs}`,
        `idle_in_transaction_session_timeout=${idleTransactionTimeoutMs}`,
      ]
        .map((setting) => `-c ${setting}`)
        .join(' '),
      types: typeParsers,
    })
    // The pool replaces the connection. Of one that is in use, the statement fails as well.
    this.#pool.on('connect', (client) => client.on('error', (error) => onIdleError?.(error)))
    this.#pool.on('error', () => undefined)
  }

  /** One statement of a profile by itself, which reads. */
  query<Row extends object>(
    profile: string,
    statement: PostgresStatement,
    values: readonly PostgresValue[] = [],
  ): Promise<Row[]> {
    return retry(() => queryRows(this.#pool, profile, statement, values))
  }

  /** Several statements that see one snapshot. */
  readSnapshot<Result>(profile: string, read: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    return retry(() => this.#runOnce({ profile, begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', run: read }))
  }

  /**
   * All of it or nothing. Each statement sees what others have committed before it: lock the rows that decide. `write` is
   * called again after a deadlock, and if the connection is lost before the commit.
   */
  write<Result>(profile: string, write: (transaction: PostgresTransaction) => Promise<Result>): Promise<Result> {
    return retry(() => this.#runOnce({ profile, begin: 'BEGIN', run: write }))
  }

  /** Runs statements of the whole installation, such as migrations, on one connection, outside of a transaction. */
  withClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return mapErrors(async () => {
      const client = await this.#pool.connect()
      let broken: Error | undefined
      try {
        return await work(client)
      } catch (error) {
        if (isUnreachable(error) && error instanceof Error) broken = error
        throw error
      } finally {
        client.release(broken)
      }
    })
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  async #runOnce<Result>({ profile, begin, run }: TransactionWork<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    const committed: (() => void)[] = []
    let broken: Error | undefined
    try {
      await client.query(begin)
      const result = await run(createTransaction(client, { profile, process: this.process, committed }))
      // If the connection is lost now, nobody knows whether it was committed: it is not repeated.
      const { command } = await mapErrors(() => client.query('COMMIT'))
      if (command !== 'COMMIT') throw new Error('A statement of the transaction failed, and nobody noticed.')
      for (const action of committed) action()
      return result
    } catch (error) {
      // A connection whose state is not known is not used again.
      await client.query('ROLLBACK').catch((cause: Error) => (broken = cause))
      throw error
    } finally {
      client.release(broken)
    }
  }
}

interface TransactionContext extends Pick<PostgresTransaction, 'profile' | 'process'> {
  readonly committed: (() => void)[]
}

function createTransaction(client: Client, { profile, process, committed }: TransactionContext): PostgresTransaction {
  return {
    profile,
    process,
    query: (statement, values = []) => queryRows(client, profile, statement, values),
    execute: async (statement, values = []) => {
      const { rowCount } = await runStatement(client, profile, statement, values)
      return rowCount ?? 0
    },
    onCommitted: (action) => committed.push(action),
    attempt: (work) => runAttempt(client, work),
  }
}

async function runAttempt<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('SAVEPOINT attempt')
  try {
    const result = await work()
    await client.query('RELEASE SAVEPOINT attempt')
    return result
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT attempt')
    throw toStorageError(error)
  }
}

async function queryRows<Row extends object>(
  client: Client,
  profile: string,
  statement: PostgresStatement,
  values: readonly PostgresValue[],
): Promise<Row[]> {
  const { rows } = await runStatement<Row>(client, profile, statement, values)
  return rows
}

function runStatement<Row extends object>(
  client: Client,
  profile: string,
  { name, text }: PostgresStatement,
  values: readonly PostgresValue[],
): Promise<pg.QueryResult<Row>> {
  return client.query<Row>({ name, text, values: [profile, ...values].map(toDriverValue) })
}

/** Repeats work that has met a deadlock, or has lost its connection, as when the database restarts. Maps other errors. */
async function retry<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + maxReconnectMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const isWorthwhile = isRepeatable(error)
        ? attempt < maxAttempts
        : isUnreachable(error) && performance.now() < deadline
      if (!isWorthwhile) throw toStorageError(error)
      await delay(Math.random() * 10 * 2 ** Math.min(attempt, 6))
    }
  }
}

async function mapErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw toStorageError(error)
  }
}
