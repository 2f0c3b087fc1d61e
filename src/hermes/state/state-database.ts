import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { conditionOf, news } from './file-health.ts'
import type { Condition } from './file-health.ts'
import { Layout } from './state-schema.ts'

export interface HermesLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/** A handle and what it leads to. A new one is made when the file was replaced, or its tables were altered. */
export interface OpenFile {
  readonly db: Database.Database
  readonly layout: Layout
  /** What tells the file from another one that has taken its path. */
  readonly inode: string
}

export interface StateFileOptions {
  readonly path: string
  /** How long one call waits for a lock, in milliseconds. */
  readonly patience: number
  readonly log: HermesLog
  /** Sees every statement that runs on the file, its values filled in. */
  readonly onStatement: ((sql: string) => void) | null
  /** Called when the file is read after a time in which it was not, for whatever reason: much may have changed. */
  readonly onBack?: () => void
}

const cacheSize = 4096 // KiB
const lockPause = 20 // milliseconds between two tries to get past a lock
const diskPause = 50 // milliseconds between two tries after a disk I/O error
const diskRetries = 3 // a WAL's index that is being rebuilt by its writer looks like one

/** Conditions in which sessions are shown. */
const readable: ReadonlySet<Condition> = new Set(['well', 'incomplete'])

/**
 * A state.db that belongs to others: read-only, and never in their way. Whatever is wrong with it, reads are answered
 * with nothing, and with everything again once it is well.
 */
export class StateFile {
  readonly #options: StateFileOptions
  #condition: Condition = 'well'
  #handle: { schemaVersion: unknown; file: OpenFile } | null = null

  constructor(options: StateFileOptions) {
    this.#options = options
  }

  /** There is a file, whether it can be read or not. */
  get isThere(): boolean {
    return inodeOf(this.#options.path) !== null
  }

  /**
   * What `work` reads, or `empty` when the file can't be read. `work` can be run several times. After a lock that
   * outlasted the patience nobody waits any more, until a read has succeeded.
   */
  read<T>(empty: T, work: (file: OpenFile) => T): T {
    const deadline = performance.now() + (this.#condition === 'locked' ? 0 : this.#options.patience)
    let diskErrors = 0
    for (;;) {
      try {
        const file = this.#open()
        if (!file) {
          this.#enter('missing')
          return empty
        }
        const result = work(file)
        this.#succeed(file)
        return result
      } catch (error) {
        const condition = conditionOf(error)
        // A handle that has met a fault may hold pages of it in its cache.
        if (condition !== 'locked') this.close()
        if (condition === 'locked' && performance.now() < deadline) pause(lockPause)
        else if (condition === 'unsteady' && diskErrors++ < diskRetries) pause(diskPause)
        else {
          this.#enter(condition, { error: error instanceof Error ? error.message : String(error) })
          return empty
        }
      }
    }
  }

  /** The same for work that nobody waits for: it waits for no lock, and a fault is left to the next `read` to tell of. */
  attempt<T>(empty: T, work: (file: OpenFile) => T): T {
    try {
      const file = this.#open()
      if (!file) return empty
      const result = work(file)
      if (!readable.has(this.#condition)) this.#succeed(file)
      return result
    } catch (error) {
      if (conditionOf(error) !== 'locked') this.close()
      return empty
    }
  }

  close(): void {
    this.#handle?.file.db.close()
    this.#handle = null
  }

  #open(): OpenFile | null {
    const { path, onStatement } = this.#options
    const inode = inodeOf(path)
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
        db.pragma(`cache_size = -${cacheSize}`)
      }
      const schemaVersion = db.pragma('schema_version', { simple: true })
      if (this.#handle && this.#handle.schemaVersion === schemaVersion) return this.#handle.file
      const file = { db, layout: new Layout(db), inode }
      this.#handle = { schemaVersion, file }
      return file
    } catch (error) {
      if (!this.#handle) db.close()
      throw error
    }
  }

  #succeed({ layout }: OpenFile): void {
    const wasAway = !readable.has(this.#condition)
    if (layout.missing.length > 0) this.#enter('incomplete', { missing: layout.missing })
    else this.#enter('well')
    if (wasAway) this.#options.onBack?.()
  }

  #enter(condition: Condition, details: object = {}): void {
    if (condition === this.#condition) return
    this.#condition = condition
    const { log, path } = this.#options
    if (condition === 'well' || condition === 'missing') log.info({ path, ...details }, news[condition])
    else log.warn({ path, ...details }, news[condition])
  }
}

/** What tells a file from another one that has taken its path; null when there is none. */
function inodeOf(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats ? `${stats.dev}:${stats.ino}` : null
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
