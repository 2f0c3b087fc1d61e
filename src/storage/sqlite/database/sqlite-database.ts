import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { SegueError } from '../../../lib/errors.ts'
import type { ChangedConversation } from '../../session-reader.ts'
import { Statements } from './statement-cache.ts'
import { type CaughtUp, IndexUpkeep } from '../conversation-index/conversation-index-maintainer.ts'
import { migrations } from './migrations.ts'
import { SearchIndex } from '../search/search-index.ts'
import { takeShownAnew, watchShown } from './visible-change-tracker.ts'

export interface DatabaseOptions {
  /** Every commit waits for the disk (`synchronous=FULL`): a power cut loses nothing. Otherwise it may lose the last moments, never the order. */
  readonly durable?: boolean
  /** Sees the text of every statement that runs, its values filled in. */
  readonly onStatement?: (sql: string) => void
}

/** The file was written by a newer Segue. Nothing in it was touched. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError'

  constructor(path: string, version: number) {
    super(
      `The database ${path} has version ${version}, this Segue knows versions up to ${migrations.length}. ` +
        'Start the newer Segue that wrote it, or another home.',
    )
  }
}

/** The file is damaged, no database, or cannot be had. Nothing in it was touched. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError'

  constructor(path: string, cause: Error) {
    super(`The database ${path} cannot be used: ${cause.message}. Mend it, move it away, or start another home.`, {
      cause,
    })
  }
}

/** As many as write about as much as SQLite would let gather before it makes a checkpoint by itself. */
const writesBetweenCheckpoints = 256

/** With so much to be brought into the file it is made in the midst of a commit after all: nobody else seems to do it. */
const mostPagesInWal = 64_000

/** The most sessions that are placed anew in one go while others wait. */
const sessionsAtOnce = 100

/**
 * One profile's database. The file is made by the first write: until then, reads see an empty stand-in in memory.
 * Statements are prepared once and kept.
 */
export class ProfileDatabase {
  /** Kept up by `write`. */
  readonly index = new SearchIndex(this)
  readonly #path: string
  readonly #options: DatabaseOptions
  readonly #index = new IndexUpkeep(this)
  #connection: Database.Database
  #statements: Statements
  #onDisk: boolean
  #closed = false
  #goingOn: NodeJS.Immediate | null = null
  #onUnindexed: () => void = () => undefined
  #onChanged: (changed: readonly ChangedConversation[]) => void = () => undefined
  #onCheckpointDue: () => void = () => undefined
  #writes = 0

  constructor(path: string, options: DatabaseOptions = {}) {
    this.#path = path
    this.#options = options
    this.#onDisk = existsSync(path)
    this.#connection = this.#open(this.#onDisk ? path : ':memory:')
    this.#statements = new Statements(this.#connection)
    // After a migration, or a stop in the middle of much work. Nobody is served yet.
    while (this.#index.isBehind) this.#inTransaction(() => this.#index.catchUp(5_000, []))
  }

  /** There is a file: something was written once. */
  get isStored(): boolean {
    return this.#onDisk
  }

  /** Calls when a write has left something out of the index for search. */
  onUnindexed(listener: () => void): void {
    this.#onUnindexed = listener
  }

  /** Calls when what was committed should be brought from the WAL into the file, which is best done in another thread. */
  onCheckpointDue(listener: () => void): void {
    this.#onCheckpointDue = listener
  }

  /** Calls after each commit with the conversations that it has changed. */
  onChanged(listener: (changed: readonly ChangedConversation[]) => void): void {
    this.#onChanged = listener
  }

  /** A statement, prepared once. What it changes is to be run inside of `write`. */
  prepare<Parameters extends unknown[], Row = unknown>(sql: string): Database.Statement<Parameters, Row> {
    this.#checkOpen()
    return this.#statements.prepare(sql)
  }

  /**
   * Runs `work` in one transaction, which begins as a writer: all of it is kept, or nothing when it throws. The index of
   * conversations is brought up to it in the same transaction; where thousands of sessions change their conversation
   * at once, the rest of them follow in transactions of their own. What it has
   * changed is taken into the index for search in the same way.
   */
  write<T>(work: () => T): T {
    this.#checkOpen()
    if (!this.#onDisk) {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
      const file = this.#open(this.#path)
      this.#connection.close()
      this.#connection = file
      this.#statements = new Statements(file)
      this.#onDisk = true
    }
    let caughtUp: CaughtUp = { isDone: true, changed: [] }
    let isLeft = false
    const result = this.#inTransaction(() => {
      const worked = work()
      caughtUp = this.#index.catchUp(sessionsAtOnce, takeShownAnew(this.#statements))
      isLeft = this.index.keepUp()
      return worked
    })
    if (!caughtUp.isDone) this.#goOn()
    if (isLeft) this.#onUnindexed()
    if (caughtUp.changed.length > 0) this.#onChanged(caughtUp.changed)
    this.#writes += 1
    if (this.#writes % writesBetweenCheckpoints === 0) this.#onCheckpointDue()
    return result
  }

  /** To be called before the index is read: others may have written to the file. */
  catchUp(): void {
    if (this.#index.isBehind) this.write(() => undefined)
  }

  /** Whoever comes later is told that there is nothing any more. */
  close(): void {
    this.#closed = true
    if (this.#goingOn) clearImmediate(this.#goingOn)
    this.#connection.close()
  }

  #checkOpen(): void {
    if (this.#closed) throw new SegueError('NOT_FOUND', 'This profile was closed.')
  }

  #goOn(): void {
    this.#goingOn ??= setImmediate(() => {
      this.#goingOn = null
      try {
        this.catchUp()
      } catch {
        // Somebody else holds the file: whoever reads or writes next goes on with it.
      }
    })
  }

  #inTransaction<T>(work: () => T): T {
    return this.#connection.transaction(work).immediate()
  }

  #open(path: string): Database.Database {
    const { onStatement, durable = false } = this.#options
    const connection = connect(path, onStatement)
    try {
      refuseNewer(connection, path)
      connection.pragma('journal_mode = WAL')
      connection.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`)
      connection.pragma('foreign_keys = ON')
      connection.pragma('busy_timeout = 1000')
      connection.pragma(`wal_autocheckpoint = ${mostPagesInWal}`)
      migrate(connection)
      watchShown(connection)
      return connection
    } catch (error) {
      connection.close()
      throw explained(error, path)
    }
  }
}

function connect(path: string, onStatement: DatabaseOptions['onStatement']): Database.Database {
  try {
    return new Database(path, onStatement ? { verbose: (sql) => onStatement(String(sql)) } : {})
  } catch (error) {
    throw explained(error, path)
  }
}

export function explained(error: unknown, path: string): unknown {
  return error instanceof Database.SqliteError ? new UnusableDatabaseError(path, error) : error
}

export function versionOf(connection: Database.Database): number {
  return Number(connection.pragma('user_version', { simple: true }))
}

/** Before anything else is done with it: a change of the journal's mode would be a change of the file. */
export function refuseNewer(connection: Database.Database, path: string): void {
  const version = versionOf(connection)
  if (version > migrations.length) throw new NewerDatabaseError(path, version)
}

function migrate(connection: Database.Database): void {
  const version = versionOf(connection)
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    connection.transaction(() => {
      connection.exec(sql)
      connection.pragma(`user_version = ${index + 1}`)
    })()
  }
}
