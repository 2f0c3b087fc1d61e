import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type Database from 'better-sqlite3'
import { createPrivateFolder } from '../../lib/files/private-files.ts'
import { SegueError } from '../../lib/errors.ts'
import { Notifier } from '../../lib/async/notifier.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import type { ProfileChangeNotifiers } from '../change-notifier.ts'
import type { ConversationChange } from '../sessions/conversation-reader.ts'
import { ConversationIndexMaintainer, noIndexChanges } from './conversation-index/conversation-index-maintainer.ts'
import { ConversationIndexRefresher } from './conversation-index/conversation-index-refresher.ts'
import { rebuildSearchIndex } from './search/rebuild-search-index.ts'
import { SearchIndex } from './search/search-index.ts'
import { ListCaches } from './sessions/list-caches.ts'
import { mapSqliteErrors, toStorageError } from './database/sqlite-errors.ts'
import { findStorageProblem } from '../health/storage-problem.ts'
import { StorageHealth } from '../health/storage-health.ts'
import { silentLogger } from '../../lib/logger.ts'
import { ErrorReports } from '../health/error-reports.ts'
import { DatabaseFiles } from './database/database-files.ts'
import { openProfileDatabase } from './database/open-profile-database.ts'
import type { SegueProfileDatabaseOptions, TransactionOptions } from './profile-database-options.ts'
import { readSchemaVersion } from './database/migrate.ts'
import { type PreparedStatement, type SqlConnection, StatementCache } from './database/statement-cache.ts'
import { drainVisibleSessionChanges } from './database/session-list-change-triggers.ts'
import { WriteLockQueue } from './database/write-lock-queue.ts'

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
  readonly listCaches = new ListCaches(this)
  readonly changes: ProfileChangeNotifiers = {
    decisions: new Notifier(),
    jobRuns: new Notifier(),
    foreignApprovalRules: new Notifier(),
    orphans: new Notifier(),
  }
  readonly #durable: boolean
  readonly #health: StorageHealth
  readonly #homeLock: SegueProfileDatabaseOptions['homeLock']
  readonly #openConnection: typeof openProfileDatabase
  readonly #conversationIndex = new ConversationIndexMaintainer(this)
  readonly #indexRefresher = new ConversationIndexRefresher(this, this.#conversationIndex, () =>
    this.transaction(() => undefined),
  )
  readonly #writeLockQueue = new WriteLockQueue()
  readonly #errors = new ErrorReports((error) => this.#health.report('database', error))
  #connection: Database.Database
  #statements: StatementCache
  #hasFile: boolean
  /** Whether nobody else can use the file, because the disk is full. */
  #isExclusive = false
  /** Null until there is a file. */
  #files: DatabaseFiles | null
  #isClosed = false
  #onSearchBacklog: () => void = () => undefined
  #onQueuedRows: () => void = () => undefined
  #onConversationsChanged: (changes: readonly ConversationChange[]) => void = () => undefined
  #onCrossOriginChanges: () => void = () => undefined
  #onCheckpointDue: (files: DatabaseFiles) => void = () => undefined
  #writesSinceCheckpoint = 0

  /** Throws DatabaseTooNewError and DatabaseUnusableError. */
  constructor(path: string, options: SegueProfileDatabaseOptions = {}) {
    this.profile = options.profile ?? defaultProfileName
    this.path = path
    this.#durable = options.durable ?? false
    this.#health = options.health ?? new StorageHealth({ log: silentLogger })
    this.#homeLock = options.homeLock
    this.#openConnection = options.openConnection ?? openProfileDatabase
    this.#hasFile = existsSync(path)
    this.#connection = this.#open(this.#hasFile ? path : ':memory:')
    this.#statements = this.#createStatements()
    this.#files = this.#hasFile ? new DatabaseFiles(path) : null
    this.#health.setProbe('database', () => this.transaction(() => undefined))
    // After a migration, or after a stop in the middle of much work.
    if (this.#conversationIndex.hasPendingWork) this.#indexRefresher.schedule()
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
  onCheckpointDue(listener: (files: DatabaseFiles) => void): void {
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
  write<T>(work: () => T, options?: TransactionOptions): Promise<T> {
    return this.#writeLockQueue.run(() => this.transaction(work, options))
  }

  /**
   * Runs `work` in one transaction, which takes the write lock at its beginning and is rolled back if `work` throws. The
   * same transaction updates the conversation index and the search index; of very large changes they follow in later
   * transactions. Throws StorageError BUSY at once, without having called `work`, if another program holds the lock, and
   * REPLACED if the file is not the one that was opened, and HOME_LOST if the home may be another server's.
   */
  transaction<T>(work: () => T, options: TransactionOptions = {}): T {
    this.#assertOpen()
    this.#prepareFile(options)
    this.#indexRefresher.onWrite()
    let indexResult = noIndexChanges
    let hasSearchBacklog = false
    let isWorkDone = false
    const run = this.#connection.transaction(() => {
      isWorkDone = false
      const result = work()
      isWorkDone = true
      indexResult = this.#conversationIndex.processPending(
        maxSessionsPerPass,
        drainVisibleSessionChanges(this.#statements),
      )
      hasSearchBacklog = this.searchIndex.indexPendingUnlessDamaged()
      // What the file has already: the success of the transaction says that it can be written.
      if (this.#health.problem) this.#connection.pragma(`user_version = ${readSchemaVersion(this.#connection)}`)
      return result
    })
    const attempt = (): T => mapSqliteErrors(() => run.immediate(), this.#errors.add)
    const result = this.#retryWithoutSearchIndex(attempt, () => isWorkDone)
    this.#health.recover('database')
    if (!indexResult.isComplete) this.#indexRefresher.schedule()
    if (hasSearchBacklog) this.#onSearchBacklog()
    if (indexResult.changes.length > 0) this.#onConversationsChanged(indexResult.changes)
    if (indexResult.hasCrossOriginChanges) this.#onCrossOriginChanges()
    this.#countWrites(options.writes ?? 1)
    return result
  }

  /**
   * Brings the conversation index up to date, after a large change or when another connection has written. Works in
   * slices and yields to the event loop between them. Throws StorageError, as when another process holds the lock.
   */
  refreshConversationIndex(): Promise<void> {
    return this.#indexRefresher.refresh()
  }

  /** Empties a damaged search index, to be built again in the background. Throws StorageError. */
  async rebuildSearchIndex(): Promise<void> {
    await this.#writeLockQueue.run(() => this.#rebuildSearchIndexNow())
    this.searchIndex.onRebuilt()
    this.#health.endDamage('database')
  }

  /** Reports to the health if the file or the lock of the home was deleted or replaced. */
  checkFile(): void {
    try {
      this.#files?.assertUnchanged()
      this.#homeLock?.assertHeld()
    } catch (error) {
      this.#errors.add(error)
    }
  }

  /** Every later call throws NOT_FOUND. */
  close(): void {
    this.#isClosed = true
    this.#health.close()
    // SQLite deletes the WAL by its name, whoever has put it there. The connection ends with the process instead.
    if (!this.#files?.hasForeignWal()) this.#connection.close()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SegueError('NOT_FOUND', 'This profile was closed.')
  }

  #countWrites(count: number): void {
    this.#writesSinceCheckpoint += count
    if (!this.#files || this.#writesSinceCheckpoint < writesBetweenCheckpoints) return
    this.#writesSinceCheckpoint = 0
    this.#onCheckpointDue(this.#files)
  }

  /** Damage of the search index must not keep anything else from being stored. */
  #retryWithoutSearchIndex<T>(attempt: () => T, isWorkDone: () => boolean): T {
    return this.#errors.withhold((errors) => {
      try {
        return attempt()
      } catch (error) {
        if (!this.searchIndex.leaveOutIfDamaged(error, isWorkDone())) throw error
        errors.length = 0
        // It is built again in the background, but triggers write to it.
        if (!isWorkDone()) this.#rebuildSearchIndexNow()
        this.#onSearchBacklog()
        return attempt()
      }
    })
  }

  #rebuildSearchIndexNow(): void {
    this.#assertOpen()
    mapSqliteErrors(() => rebuildSearchIndex(this.#connection), this.#errors.add)
  }

  /** Creates the file, or checks that it is still the one that was opened. */
  #prepareFile({ evenIfReplaced = false }: TransactionOptions): void {
    mapSqliteErrors(() => {
      this.#homeLock?.assertHeld()
      if (!this.#hasFile) this.#createFile()
      else if (this.#isExclusive) this.#reopen()
      else if (!evenIfReplaced) this.#files?.assertUnchanged()
    }, this.#errors.add)
  }

  #createFile(): void {
    createPrivateFolder(dirname(this.path))
    const connection = this.#open(this.path)
    this.#connection.close()
    this.#setConnection(connection)
    this.#hasFile = true
  }

  #setConnection(connection: Database.Database): void {
    this.#connection = connection
    this.#statements = this.#createStatements()
    this.#files = new DatabaseFiles(this.path)
  }

  /** Opens the file as usual, if there is room for that by now. */
  #reopen(): void {
    this.#connection.close()
    this.#setConnection(this.#open(this.path))
  }

  #createStatements(): StatementCache {
    this.listCaches.watch(this.#connection)
    return new StatementCache(this.#connection, this.#errors.add)
  }

  #open(path: string): Database.Database {
    const options = { profile: this.profile, durable: this.#durable }
    this.#isExclusive = false
    try {
      return this.#openConnection(path, options)
    } catch (cause) {
      const error = toStorageError(cause)
      if (findStorageProblem(error) !== 'FULL') throw cause
      // What is stored can be read without the file for which there is no room.
      const connection = this.#openConnection(path, { ...options, isExclusive: true })
      this.#isExclusive = true
      this.#errors.add(error)
      return connection
    }
  }
}
