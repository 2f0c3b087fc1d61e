import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { SegueError } from '../../../lib/errors.ts'
import type { ConversationChange } from '../../session-reader.ts'
import { IdNamespace } from '../../../profiles/id-namespace.ts'
import { defaultProfileName } from '../../../profiles/profile-name.ts'
import { StatementCache } from './statement-cache.ts'
import {
  type MaintenanceResult,
  ConversationIndexMaintainer,
} from '../conversation-index/conversation-index-maintainer.ts'
import { migrations } from './migrations.ts'
import { SearchIndex } from '../search/search-index.ts'
import { drainVisibleChanges, installVisibleChangeTriggers } from './visible-change-tracker.ts'

export interface DatabaseOptions {
  /** The name of the profile: `default` if it is left out. */
  readonly profile?: string
  /** Every commit waits for the disk (`synchronous=FULL`): a power cut loses nothing. Otherwise it may lose the last moments, never the order. */
  readonly durable?: boolean
  /** Sees the text of every statement that runs, its values filled in. */
  readonly onStatement?: (sql: string) => void
}

/** The file was written by a newer Segue. Nothing in it was touched. */
export class DatabaseTooNewError extends Error {
  override readonly name = 'DatabaseTooNewError'

  constructor(path: string, version: number) {
    super(
      `The database ${path} has version ${version}, this Segue knows versions up to ${migrations.length}. ` +
        'Start the newer Segue that wrote it, or another home.',
    )
  }
}

/** The file is damaged, no database, or cannot be had. Nothing in it was touched. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError'

  constructor(path: string, cause: Error) {
    super(`The database ${path} cannot be used: ${cause.message}. Mend it, move it away, or start another home.`, {
      cause,
    })
  }
}

/** As many as write about as much as SQLite would let gather before it makes a checkpoint by itself. */
const writesBetweenCheckpoints = 256

/** With so much to be brought into the file it is made in the midst of a commit after all: nobody else seems to do it. */
const maxWalPages = 64_000

/** The most sessions that are placed anew in one go while others wait. */
const maxSessionsPerPass = 100

/**
 * One profile's database. The file is made by the first write: until then, reads see an empty stand-in in memory.
 * Statements are prepared once and kept.
 */
export class SqliteDatabase {
  /** Kept up by `write`. */
  readonly searchIndex = new SearchIndex(this)
  readonly #path: string
  readonly #options: DatabaseOptions
  readonly #conversationIndex = new ConversationIndexMaintainer(this)
  #connection: Database.Database
  #statements: StatementCache
  #hasFile: boolean
  #isClosed = false
  #scheduledRefresh: NodeJS.Immediate | null = null
  #onSearchBacklog: () => void = () => undefined
  #onConversationsChanged: (changed: readonly ConversationChange[]) => void = () => undefined
  #onCheckpointDue: () => void = () => undefined
  #writeCount = 0

  constructor(path: string, options: DatabaseOptions = {}) {
    this.#path = path
    this.#options = options
    this.#hasFile = existsSync(path)
    this.#connection = this.#open(this.#hasFile ? path : ':memory:')
    this.#statements = new StatementCache(this.#connection)
    // After a migration, or a stop in the middle of much work. Nobody is served yet.
    while (this.#conversationIndex.hasPendingWork)
      this.#runInTransaction(() => this.#conversationIndex.processPending(5_000, []))
  }

  /** There is a file: something was written once. */
  get hasFile(): boolean {
    return this.#hasFile
  }

  /** Calls when a write has left something out of the index for search. */
  onSearchBacklog(listener: () => void): void {
    this.#onSearchBacklog = listener
  }

  /** Calls when what was committed should be brought from the WAL into the file, which is best done in another thread. */
  onCheckpointDue(listener: () => void): void {
    this.#onCheckpointDue = listener
  }

  /** Calls after each commit with the conversations that it has changed. */
  onConversationsChanged(listener: (changed: readonly ConversationChange[]) => void): void {
    this.#onConversationsChanged = listener
  }

  /** A statement, prepared once. What it changes is to be run inside of `write`. */
  prepare<Parameters extends unknown[], Row = unknown>(sql: string): Database.Statement<Parameters, Row> {
    this.#assertOpen()
    return this.#statements.prepare(sql)
  }

  /**
   * Runs `work` in one transaction, which begins as a writer: all of it is kept, or nothing when it throws. The index of
   * conversations is brought up to it in the same transaction; where thousands of sessions change their conversation
   * at once, the rest of them follow in transactions of their own. What it has
   * changed is taken into the index for search in the same way.
   */
  transaction<T>(work: () => T): T {
    this.#assertOpen()
    if (!this.#hasFile) {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
      const file = this.#open(this.#path)
      this.#connection.close()
      this.#connection = file
      this.#statements = new StatementCache(file)
      this.#hasFile = true
    }
    let indexResult: MaintenanceResult = { isComplete: true, changes: [] }
    let hasSearchBacklog = false
    const result = this.#runInTransaction(() => {
      const workResult = work()
      indexResult = this.#conversationIndex.processPending(maxSessionsPerPass, drainVisibleChanges(this.#statements))
      hasSearchBacklog = this.searchIndex.indexPending()
      return workResult
    })
    if (!indexResult.isComplete) this.#scheduleRefresh()
    if (hasSearchBacklog) this.#onSearchBacklog()
    if (indexResult.changes.length > 0) this.#onConversationsChanged(indexResult.changes)
    this.#writeCount += 1
    if (this.#writeCount % writesBetweenCheckpoints === 0) this.#onCheckpointDue()
    return result
  }

  /** To be called before the index is read: others may have written to the file. */
  refreshConversationIndex(): void {
    if (this.#conversationIndex.hasPendingWork) this.transaction(() => undefined)
  }

  /** Whoever comes later is told that there is nothing any more. */
  close(): void {
    this.#isClosed = true
    if (this.#scheduledRefresh) clearImmediate(this.#scheduledRefresh)
    this.#connection.close()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SegueError('NOT_FOUND', 'This profile was closed.')
  }

  #scheduleRefresh(): void {
    this.#scheduledRefresh ??= setImmediate(() => {
      this.#scheduledRefresh = null
      try {
        this.refreshConversationIndex()
      } catch {
        // Somebody else holds the file: whoever reads or writes next goes on with it.
      }
    })
  }

  #runInTransaction<T>(work: () => T): T {
    return this.#connection.transaction(work).immediate()
  }

  #open(path: string): Database.Database {
    const { onStatement, durable = false, profile = defaultProfileName } = this.#options
    const connection = connect(path, onStatement)
    try {
      assertSupportedVersion(connection, path)
      connection.pragma('journal_mode = WAL')
      connection.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`)
      connection.pragma('foreign_keys = ON')
      connection.pragma('busy_timeout = 1000')
      connection.pragma(`wal_autocheckpoint = ${maxWalPages}`)
      migrate(connection, IdNamespace.forProfile(profile))
      installVisibleChangeTriggers(connection)
      return connection
    } catch (error) {
      connection.close()
      throw toDatabaseError(error, path)
    }
  }
}

function connect(path: string, onStatement: DatabaseOptions['onStatement']): Database.Database {
  try {
    return new Database(path, onStatement ? { verbose: (sql) => onStatement(String(sql)) } : {})
  } catch (error) {
    throw toDatabaseError(error, path)
  }
}

export function toDatabaseError(error: unknown, path: string): unknown {
  return error instanceof Database.SqliteError ? new DatabaseUnusableError(path, error) : error
}

export function readSchemaVersion(connection: Database.Database): number {
  return Number(connection.pragma('user_version', { simple: true }))
}

/** Before anything else is done with it: a change of the journal's mode would be a change of the file. */
export function assertSupportedVersion(connection: Database.Database, path: string): void {
  const version = readSchemaVersion(connection)
  if (version > migrations.length) throw new DatabaseTooNewError(path, version)
}

function migrate(connection: Database.Database, namespace: IdNamespace): void {
  const version = readSchemaVersion(connection)
  if (version < migrations.length) connection.function('id_namespace', () => namespace.prefix)
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    connection.transaction(() => {
      connection.exec(sql)
      connection.pragma(`user_version = ${index + 1}`)
    })()
  }
}
