import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { healthFromError, healthMessages, type FileHealth } from './file-health.ts'
import { StateSchema } from './state-schema.ts'
import type { Logger } from '../../lib/logger.ts'

/** A handle and what it leads to. A new one is made when the file was replaced, or its tables were altered. */
export interface OpenStateDatabase {
  readonly db: Database.Database
  readonly schema: StateSchema
  /** What tells the file from another one that has taken its path. */
  readonly inode: string
}

export interface StateDatabaseOptions {
  readonly path: string
  /** How long one call waits for a lock, in milliseconds. */
  readonly lockTimeoutMs: number
  readonly log: Logger
  /** Sees every statement that runs on the file, its values filled in. */
  readonly onStatement: ((sql: string) => void) | null
  /** Called when the file is read after a time in which it was not, for whatever reason: much may have changed. */
  readonly onRecovered?: () => void
}

const cacheSizeKib = 4096 // KiB
const lockRetryDelayMs = 20 // milliseconds between two tries to get past a lock
const ioRetryDelayMs = 50 // milliseconds between two tries after a disk I/O error
const maxIoRetries = 3 // a WAL's index that is being rebuilt by its writer looks like one

/** Conditions in which sessions are shown. */
const readableHealth: ReadonlySet<FileHealth> = new Set(['well', 'incomplete'])

/**
 * A state.db that belongs to others: read-only, and never in their way. Whatever is wrong with it, reads are answered
 * with nothing, and with everything again once it is well.
 */
export class StateDatabase {
  readonly #options: StateDatabaseOptions
  #health: FileHealth = 'well'
  #handle: { schemaVersion: unknown; file: OpenStateDatabase } | null = null

  constructor(options: StateDatabaseOptions) {
    this.#options = options
  }

  /** There is a file, whether it can be read or not. */
  get exists(): boolean {
    return readInode(this.#options.path) !== null
  }

  /**
   * What `work` reads, or `empty` when the file can't be read. `work` can be run several times. After a lock that
   * outlasted the patience nobody waits any more, until a read has succeeded.
   */
  read<T>(empty: T, work: (file: OpenStateDatabase) => T): T {
    const deadline = performance.now() + (this.#health === 'locked' ? 0 : this.#options.lockTimeoutMs)
    let ioErrors = 0
    for (;;) {
      try {
        const file = this.#open()
        if (!file) {
          this.#setHealth('missing')
          return empty
        }
        const result = work(file)
        this.#recordSuccess(file)
        return result
      } catch (error) {
        const health = healthFromError(error)
        // A handle that has met a fault may hold pages of it in its cache.
        if (health !== 'locked') this.close()
        if (health === 'locked' && performance.now() < deadline) sleepSync(lockRetryDelayMs)
        else if (health === 'unsteady' && ioErrors++ < maxIoRetries) sleepSync(ioRetryDelayMs)
        else {
          this.#setHealth(health, { error: error instanceof Error ? error.message : String(error) })
          return empty
        }
      }
    }
  }

  /** The same for work that nobody waits for: it waits for no lock, and a fault is left to the next `read` to tell of. */
  tryRead<T>(empty: T, work: (file: OpenStateDatabase) => T): T {
    try {
      const file = this.#open()
      if (!file) return empty
      const result = work(file)
      if (!readableHealth.has(this.#health)) this.#recordSuccess(file)
      return result
    } catch (error) {
      if (healthFromError(error) !== 'locked') this.close()
      return empty
    }
  }

  close(): void {
    this.#handle?.file.db.close()
    this.#handle = null
  }

  #open(): OpenStateDatabase | null {
    const { path, onStatement } = this.#options
    const inode = readInode(path)
    if (this.#handle && this.#handle.file.inode !== inode) this.close()
    if (inode === null) return null
    // SQLite's own waiting can't be interrupted: a thread in it would hold up the end of the process.
    const db =
      this.#handle?.file.db ??
      new Database(path, {
        readonly: true,
        fileMustExist: true,
        timeout: 0,
        verbose: onStatement ? (sql) => onStatement(String(sql)) : undefined,
      })
    try {
      if (!this.#handle) {
        db.pragma('query_only = ON')
        db.pragma(`cache_size = -${cacheSizeKib}`)
      }
      const schemaVersion = db.pragma('schema_version', { simple: true })
      if (this.#handle && this.#handle.schemaVersion === schemaVersion) return this.#handle.file
      const file = { db, schema: new StateSchema(db), inode }
      this.#handle = { schemaVersion, file }
      return file
    } catch (error) {
      if (!this.#handle) db.close()
      throw error
    }
  }

  #recordSuccess({ schema }: OpenStateDatabase): void {
    const wasUnreadable = !readableHealth.has(this.#health)
    if (schema.missing.length > 0) this.#setHealth('incomplete', { missing: schema.missing })
    else this.#setHealth('well')
    if (wasUnreadable) this.#options.onRecovered?.()
  }

  #setHealth(health: FileHealth, details: object = {}): void {
    if (health === this.#health) return
    this.#health = health
    const { log, path } = this.#options
    if (health === 'well' || health === 'missing') log.info({ path, ...details }, healthMessages[health])
    else log.warn({ path, ...details }, healthMessages[health])
  }
}

/** What tells a file from another one that has taken its path; null when there is none. */
function readInode(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats ? `${stats.dev}:${stats.ino}` : null
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
