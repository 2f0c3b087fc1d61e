import Database from 'better-sqlite3'
import { readFileIdentity } from '../../lib/file-identity.ts'
import { assertRegularFile } from './assert-regular-file.ts'
import { createSqlStatementPublisher } from '../../lib/sql-channel.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import {
  type HermesStateFileHealth,
  classifyStateFileError,
  stateDatabaseHealthMessages,
} from './hermes-state-file-health.ts'
import { retrySync, createHermesLockRetryPolicy, type StateReadRetryPolicy } from './retry-sync.ts'
import { HermesStateSchema } from './hermes-state-schema.ts'

/** An open connection. There is a new one when the file is replaced or its tables are altered. */
export interface StateDatabaseConnection {
  readonly db: Database.Database
  readonly schema: HermesStateSchema
  /** Tells the file from another one in its place. */
  readonly identity: string
}

export interface StateDatabaseOptions extends Pick<HermesReaderOptions, 'path' | 'lockTimeoutMs' | 'log'> {
  /** Called when the file can be read again after it could not be, for whatever reason: much may have changed. */
  readonly onRecovered?: () => void
}

const cacheSizeKib = 4096
const ioRetryDelayMs = 50
const maxIoRetries = 3 // an I/O error is also what a reader gets while the writer rebuilds the WAL's index

/** The states in which sessions are shown. */
const readableHealth: ReadonlySet<HermesStateFileHealth> = new Set(['healthy', 'incomplete'])

/**
 * Hermes' state.db. It is opened read-only, and never blocks Hermes for longer than one query. Reads of a file that cannot
 * be read yield empty results until it can be.
 */
export class StateDatabase {
  readonly #options: StateDatabaseOptions
  #health: HermesStateFileHealth = 'healthy'
  #connection: { schemaVersion: unknown; file: StateDatabaseConnection } | null = null

  constructor(options: StateDatabaseOptions) {
    this.#options = options
  }

  /** Whether there is a file, readable or not. */
  get exists(): boolean {
    return readFileIdentity(this.#options.path) !== null
  }

  /**
   * The result of `work`, or `empty` if the file cannot be read. `work` may run several times. Waits for a lock, but after
   * a lock that outlasted the timeout, no call waits until a read has succeeded.
   */
  read<T>(empty: T, work: (file: StateDatabaseConnection) => T): T {
    const lockPolicy = createHermesLockRetryPolicy(this.#health === 'locked' ? 0 : this.#options.lockTimeoutMs)
    let ioErrorCount = 0
    const policy: StateReadRetryPolicy = (error) => {
      const health = classifyStateFileError(error)
      // After an error, the connection may have bad pages in its cache.
      if (health !== 'locked') this.close()
      if (health === 'ioError' && ioErrorCount++ < maxIoRetries) return ioRetryDelayMs
      return lockPolicy(error)
    }
    try {
      return retrySync(() => this.#readOnce(empty, work), policy)
    } catch (error) {
      this.#setHealth(classifyStateFileError(error), { error: error instanceof Error ? error.message : String(error) })
      return empty
    }
  }

  /** The state of the file now. Whether a file that could not be read is well again, only reading more of it can tell. */
  checkHealth(): HermesStateFileHealth {
    const isKnown = this.#health !== 'missing' && !readableHealth.has(this.#health) && this.exists
    if (!isKnown) this.read(null, ({ identity }) => identity)
    return this.#health
  }

  /** The same for background work: it does not wait for a lock, and leaves it to the next `read` to log an error. */
  tryRead<T>(empty: T, work: (file: StateDatabaseConnection) => T): T {
    try {
      const file = this.#open()
      if (!file) return empty
      const result = work(file)
      if (!readableHealth.has(this.#health)) this.#recordSuccess(file)
      return result
    } catch (error) {
      if (classifyStateFileError(error) !== 'locked') this.close()
      return empty
    }
  }

  close(): void {
    this.#connection?.file.db.close()
    this.#connection = null
  }

  #readOnce<T>(empty: T, work: (file: StateDatabaseConnection) => T): T {
    const file = this.#open()
    if (!file) {
      this.#setHealth('missing')
      return empty
    }
    const result = work(file)
    this.#recordSuccess(file)
    return result
  }

  /** Null if there is no file. */
  #open(): StateDatabaseConnection | null {
    const { path } = this.#options
    const identity = readFileIdentity(path)
    if (this.#connection && this.#connection.file.identity !== identity) this.close()
    if (identity === null) return null
    const db = this.#connection?.file.db ?? connect(path)
    try {
      const schemaVersion = db.pragma('schema_version', { simple: true })
      if (this.#connection && this.#connection.schemaVersion === schemaVersion) return this.#connection.file
      const file = { db, schema: new HermesStateSchema(db), identity }
      this.#connection = { schemaVersion, file }
      return file
    } catch (error) {
      if (!this.#connection) db.close()
      throw error
    }
  }

  #recordSuccess({ schema }: StateDatabaseConnection): void {
    const wasUnreadable = !readableHealth.has(this.#health)
    if (schema.missing.length > 0) this.#setHealth('incomplete', { missing: schema.missing })
    else this.#setHealth('healthy')
    if (wasUnreadable) this.#options.onRecovered?.()
  }

  #setHealth(health: HermesStateFileHealth, details: object = {}): void {
    if (health === this.#health) return
    this.#health = health
    const { log, path } = this.#options
    if (health === 'healthy' || health === 'missing')
      log.info({ path, ...details }, stateDatabaseHealthMessages[health])
    else log.warn({ path, ...details }, stateDatabaseHealthMessages[health])
  }
}

/** Does not use SQLite's own busy timeout: see `retrySync`. */
function connect(path: string): Database.Database {
  assertRegularFile(path)
  const db = new Database(path, {
    readonly: true,
    fileMustExist: true,
    timeout: 0,
    verbose: createSqlStatementPublisher('hermes', path),
  })
  try {
    db.pragma('query_only = ON')
    db.pragma(`cache_size = -${cacheSizeKib}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
