import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { UnknownOutcomeError } from '../../errors.ts'
import { keepAliveOptions, withoutTimeout } from './connection-timeouts.ts'
import { SessionSettings } from './session-settings.ts'
import { isRepeatable, isUnreachable, toStorageError } from './postgres-errors.ts'
import type { PostgresConnection, PostgresStatement, PostgresTransaction, PostgresValue } from './postgres-statement.ts'
import { createTransaction, runStatement } from './transaction/postgres-transaction.ts'
import {
  readTransactionOutcome,
  type WrittenTransaction,
  WrittenTransactionReader,
} from './transaction/transaction-outcome.ts'
import { typeParsers } from './value-conversion.ts'

export interface PostgresDatabaseOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  /** The PostgreSQL schema of the installation. Default: `segue`. */
  readonly schema?: string
  /** Default: 10. */
  readonly maxConnections?: number
  /** How long a connection and each statement may take, in milliseconds. Default: 10,000 and 60,000. */
  readonly timeoutMs?: number
  /** Connections that failed while nothing used them. The pool replaces them. */
  readonly onIdleError?: (error: Error) => void
}

const defaultSchema = 'segue'
const defaultMaxConnections = 10
const defaultConnectTimeoutMs = 10_000
/** When a host vanishes, its connections stay open. Longer than any statement takes, including its wait for locks. */
const defaultStatementTimeoutMs = 60_000
/** How long a statement waits for a row that another transaction has locked. */
const lockTimeoutMs = 30_000
/**
 * A process that stops in the middle of a transaction holds its locks no longer than this: they are free before its lease has run
 * out. A transaction waits for nothing but the database, and is repeated if this ends it; a snapshot that does wait is exempt.
 */
const idleTransactionTimeoutMs = 5_000
/** Of a transaction that meets deadlocks. */
const maxAttempts = 8
/** How long the database may be unreachable until that is an error. */
const maxReconnectMs = 4_000

/** Runs statements of the whole installation. */
export interface InstallationConnection {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
}

/** Works on one connection, in one transaction. */
interface TransactionWork<Result> {
  readonly profile: string
  readonly begin: string
  readonly run: (transaction: PostgresTransaction) => Promise<Result>
}

/** A COMMIT whose connection was lost before its answer. */
interface LostCommit {
  readonly written: WrittenTransaction
  readonly error: unknown
}

interface FinishedTransaction<Result> {
  readonly result: Result
  readonly lostCommit: LostCommit | null
}

/** The database of an installation: one pool of connections for all profiles. Every error of PostgreSQL becomes a `StorageError`. */
export class PostgresDatabase {
  readonly schema: string
  /** The fencing number of this process, once it has one; see `ProcessLease`. */
  process = 0
  readonly #pool: pg.Pool
  readonly #settings: SessionSettings
  /** Connections that are replaced once their user has ended. */
  readonly #broken = new WeakSet<pg.PoolClient>()

  constructor({
    url,
    schema = defaultSchema,
    maxConnections = defaultMaxConnections,
    timeoutMs,
    onIdleError,
  }: PostgresDatabaseOptions) {
    this.schema = schema
    this.#settings = new SessionSettings(schema, {
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
      // Compiling takes longer than any statement of Segue.
      jit: 0,
    })
    this.#pool = new pg.Pool({
      connectionString: url,
      max: maxConnections,
      connectionTimeoutMillis: timeoutMs ?? defaultConnectTimeoutMs,
      query_timeout: timeoutMs ?? defaultStatementTimeoutMs,
      ...keepAliveOptions,
      // Statements are sent without waiting for the answers to those before.
      pipeline: true,
      application_name: 'segue',
      types: typeParsers,
      onConnect: (client) => this.#settings.prepare(client),
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
    return retry(() => this.#queryOnce(profile, statement, values))
  }

  /** Several statements that see one snapshot. */
  readSnapshot<Result>(profile: string, read: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    return retry(() => this.#runOnce({ profile, begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', run: read }))
  }

  /**
   * All of it or nothing. Each statement sees what others have committed before it: lock the rows that decide. `write` is
   * called again after a deadlock, and if the connection is lost before the commit. If it is lost during the commit,
   * PostgreSQL is asked what has become of it: `UnknownOutcomeError` if it does not know that.
   */
  write<Result>(profile: string, write: (transaction: PostgresTransaction) => Promise<Result>): Promise<Result> {
    return retry(() => this.#runOnce({ profile, begin: 'BEGIN', run: write }))
  }

  /** Runs statements of the whole installation on one connection, each by itself. */
  withClient<Result>(work: (client: InstallationConnection) => Promise<Result>): Promise<Result> {
    return mapErrors(() =>
      this.#useClient((client) =>
        work({
          query: (text, values) => this.#queryByItself(client, (each) => each.query(text, values && [...values])),
        }),
      ),
    )
  }

  /** Runs statements of the whole installation, such as migrations, in one transaction, which is not repeated, however long. */
  withTransaction<Result>(work: (client: InstallationConnection) => Promise<Result>): Promise<Result> {
    return mapErrors(() =>
      this.#useClient(async (client) => {
        const connection: InstallationConnection = {
          query: (text, values) => client.query({ text, ...(values && { values: [...values] }), ...withoutTimeout }),
        }
        return (await this.#runTransaction(client, 'BEGIN', () => work(connection))).result
      }),
    )
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  #queryOnce<Row extends object>(
    profile: string,
    statement: PostgresStatement,
    values: readonly PostgresValue[],
  ): Promise<Row[]> {
    return this.#useClient((client) => {
      const isNamed = !this.#settings.isPooled(client)
      return this.#queryByItself(client, async () => {
        const { rows } = await runStatement<Row>({ client, profile, isNamed }, statement, values)
        return rows
      })
    })
  }

  /** One statement. Through a pooler, it needs a transaction for its settings. */
  async #queryByItself<Result>(
    client: pg.PoolClient,
    query: (client: pg.PoolClient) => Promise<Result>,
  ): Promise<Result> {
    if (!this.#settings.isPooled(client)) return query(client)
    const { result } = await this.#runTransaction(client, 'BEGIN', () => query(client))
    return result
  }

  async #runOnce<Result>({ profile, begin, run }: TransactionWork<Result>): Promise<Result> {
    const committed: (() => void)[] = []
    const { result, lostCommit } = await this.#useClient((client) => {
      const isNamed = !this.#settings.isPooled(client)
      const written = new WrittenTransactionReader(client, isNamed)
      const transaction = createTransaction({ client, profile, isNamed, process: this.process, committed, written })
      return this.#runTransaction(client, begin, () => run(transaction), written)
    })
    if (lostCommit) await this.#assertCommitted(lostCommit)
    for (const action of committed) action()
    return result
  }

  /** Without `reader`, a lost COMMIT is an error. */
  async #runTransaction<Result>(
    client: pg.PoolClient,
    begin: string,
    run: () => Promise<Result>,
    reader?: WrittenTransactionReader,
  ): Promise<FinishedTransaction<Result>> {
    try {
      await client.query(this.#settings.toBegin(client, begin))
      const result = await run()
      const written = (await reader?.read()) ?? null
      return { result, lostCommit: await this.#commit(client, written) }
    } catch (error) {
      // A connection whose state is not known is not used again.
      await client.query('ROLLBACK').catch(() => this.#broken.add(client))
      throw error
    }
  }

  /** Resolves to what PostgreSQL has to be asked about. */
  async #commit(client: pg.PoolClient, written: WrittenTransaction | null): Promise<LostCommit | null> {
    try {
      const { command } = await client.query('COMMIT')
      if (command !== 'COMMIT') throw new Error('A statement of the transaction failed, and nobody noticed.')
      return null
    } catch (error) {
      if (written === null || !isUnreachable(error)) throw error
      this.#broken.add(client)
      return { written, error }
    }
  }

  /** Throws an error that `retry` repeats if the transaction was aborted, and one that it does not if nobody knows. */
  async #assertCommitted({ written, error }: LostCommit): Promise<void> {
    const outcome = await readTransactionOutcome(written, (text, values) =>
      retry(() => this.#useClient((client) => this.#queryByItself(client, (each) => each.query(text, [...values])))),
    )
    if (outcome === 'COMMITTED') return
    throw outcome === 'ABORTED' || !(error instanceof Error) ? error : new UnknownOutcomeError(error)
  }

  async #useClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    try {
      return await work(client)
    } catch (error) {
      if (isUnreachable(error)) this.#broken.add(client)
      throw error
    } finally {
      client.release(this.#broken.has(client))
    }
  }
}

/** Repeats work that has met a deadlock, or has lost its connection, as when the database restarts. Maps other errors. */
async function retry<Result>(work: () => Promise<Result>): Promise<Result> {
  let deadline: number | null = null
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (isUnreachable(error)) deadline ??= performance.now() + maxReconnectMs
      const isWorthwhile = isRepeatable(error)
        ? attempt < maxAttempts
        : isUnreachable(error) && performance.now() < (deadline ?? 0)
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
