import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import type Database from 'better-sqlite3'
import { SegueError } from '../../lib/errors.ts'
import { Notifier } from '../../lib/async/notifier.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import type { ProfileChangeNotifiers } from '../change-notifier.ts'
import type { ConversationChange } from '../sessions/conversation-reader.ts'
import {
  ConversationIndexMaintainer,
  type ConversationIndexMaintenanceResult,
} from './conversation-index/conversation-index-maintainer.ts'
import { SearchIndex } from './search/search-index.ts'
import { mapSqliteErrors } from './database/sqlite-errors.ts'
import { openProfileDatabase } from './database/open-profile-database.ts'
import { type PreparedStatement, type SqlConnection, StatementCache } from './database/statement-cache.ts'
import { drainVisibleSessionChanges } from './database/session-list-change-triggers.ts'
import { WriteLockQueue } from './database/write-lock-queue.ts'

export interface SegueProfileDatabaseOptions {
  /** The name of the profile; `default` if it is left out. */
  readonly profile?: string
  /**
   * Every commit waits for the disk (`synchronous=FULL`): a power cut loses nothing. Otherwise it may lose the last
   * moments, never the order. False if it is left out.
   */
  readonly durable?: boolean
}

/** About as many as write what SQLite would let grow before it checkpoints by itself. */
const writesBetweenCheckpoints = 256
/** Sessions that one transaction places in the conversation index, so that other work is not delayed. */
const maxSessionsPerPass = 100

/**
 * The database of one profile. The first write creates the file; until then reads see an empty database in memory. Every
 * error of SQLite becomes a `StorageError`.
 */
export class SegueProfileDatabase implements SqlConnection {
  readonly profile: string
  readonly path: string
  /** `transaction` keeps it up to date. */
  readonly searchIndex = new SearchIndex(this)
  readonly changes: ProfileChangeNotifiers = { decisions: new Notifier(), jobRuns: new Notifier() }
  readonly #durable: boolean
  readonly #conversationIndex = new ConversationIndexMaintainer(this)
  readonly #writeLockQueue = new WriteLockQueue()
  #connection: Database.Database
  #statements: StatementCache
  #hasFile: boolean
  #isClosed = false
  #isRefreshScheduled = false
  #onSearchBacklog: () => void = () => undefined
  #onQueuedRows: () => void = () => undefined
  #onConversationsChanged: (changes: readonly ConversationChange[]) => void = () => undefined
  #onCrossOriginChanges: () => void = () => undefined
  #onCheckpointDue: () => void = () => undefined
  #writeCount = 0

  /** Throws DatabaseTooNewError and DatabaseUnusableError. */
  constructor(path: string, { profile = defaultProfileName, durable = false }: SegueProfileDatabaseOptions = {}) {
    this.profile = profile
    this.path = path
    this.#durable = durable
    this.#hasFile = existsSync(path)
    this.#connection = this.#open(this.#hasFile ? path : ':memory:')
    this.#statements = new StatementCache(this.#connection)
    // After a migration, or after a stop in the middle of much work.
    if (this.#conversationIndex.hasPendingWork) this.#scheduleRefresh()
  }

  /** Whether there is a file: something was written once. */
  get hasFile(): boolean {
    return this.#hasFile
  }

  /** Called when a commit has left messages out of the search index. */
  onSearchBacklog(listener: () => void): void {
    this.#onSearchBacklog = listener
  }

  /** Called by `reportQueuedRows`. */
  onQueuedRows(listener: () => void): void {
    this.#onQueuedRows = listener
  }

  /** A commit has left rows of deleted sessions or jobs. */
  reportQueuedRows(): void {
    this.#onQueuedRows()
  }

  /** Called when the WAL should be checkpointed, best by another thread. */
  onCheckpointDue(listener: () => void): void {
    this.#onCheckpointDue = listener
  }

  /** Called after each commit with the conversations that it has changed. */
  onConversationsChanged(listener: (changes: readonly ConversationChange[]) => void): void {
    this.#onConversationsChanged = listener
  }

  /** Called after each commit that has added changes to the cross-origin feed. */
  onCrossOriginChanges(listener: () => void): void {
    this.#onCrossOriginChanges = listener
  }

  /** Run statements that write inside `transaction`. */
  prepare<Parameters extends unknown[], Row = unknown>(sql: string): PreparedStatement<Parameters, Row> {
    this.#assertOpen()
    return this.#statements.prepare(sql)
  }

  /**
   * Runs `work` in one transaction, as `transaction` does, and waits while another program writes. Calls run in
   * their order. Throws STORAGE after 30 seconds. Without such a program, `work` has run when this returns.
   */
  write<T>(work: () => T): Promise<T> {
    return this.#writeLockQueue.run(() => this.transaction(work))
  }

  /**
   * Runs `work` in one transaction, which takes the write lock at its beginning and is rolled back if `work` throws. The
   * same transaction updates the conversation index and the search index; of very large changes they follow in later
   * transactions. Throws StorageError BUSY at once, without having called `work`, if another program holds the lock.
   */
  transaction<T>(work: () => T): T {
    this.#assertOpen()
    if (!this.#hasFile) this.#createFile()
    let indexResult: ConversationIndexMaintenanceResult = {
      isComplete: true,
      changes: [],
      hasCrossOriginChanges: false,
    }
    let hasSearchBacklog = false
    const run = this.#connection.transaction(() => {
      const result = work()
      indexResult = this.#conversationIndex.processPending(
        maxSessionsPerPass,
        drainVisibleSessionChanges(this.#statements),
      )
      hasSearchBacklog = this.searchIndex.indexPending()
      return result
    })
    const result = mapSqliteErrors(() => run.immediate())
    if (!indexResult.isComplete) this.#scheduleRefresh()
    if (hasSearchBacklog) this.#onSearchBacklog()
    if (indexResult.changes.length > 0) this.#onConversationsChanged(indexResult.changes)
    if (indexResult.hasCrossOriginChanges) this.#onCrossOriginChanges()
    this.#writeCount += 1
    if (this.#writeCount % writesBetweenCheckpoints === 0) this.#onCheckpointDue()
    return result
  }

  /**
   * Brings the conversation index up to date, after a large change or when another connection has written. Works in
   * slices and yields to the event loop between them. Throws StorageError, as when another process holds the lock.
   */
  async refreshConversationIndex(): Promise<void> {
    while (this.#conversationIndex.hasPendingWork) {
      this.transaction(() => undefined)
      if (!this.#conversationIndex.hasPendingWork) return
      await yieldToEventLoop()
    }
  }

  /** Every later call throws NOT_FOUND. */
  close(): void {
    this.#isClosed = true
    this.#connection.close()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SegueError('NOT_FOUND', 'This profile was closed.')
  }

  #createFile(): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
    const connection = this.#open(this.path)
    this.#connection.close()
    this.#connection = connection
    this.#statements = new StatementCache(connection)
    this.#hasFile = true
  }

  /** One task at a time, which is scheduled until it has nothing left to do. */
  #scheduleRefresh(): void {
    if (this.#isRefreshScheduled) return
    this.#isRefreshScheduled = true
    void yieldToEventLoop()
      .then(() => this.refreshConversationIndex())
      // The next read or write of a list tries again.
      .catch(() => undefined)
      .finally(() => (this.#isRefreshScheduled = false))
  }

  #open(path: string): Database.Database {
    return openProfileDatabase(path, { profile: this.profile, durable: this.#durable })
  }
}
