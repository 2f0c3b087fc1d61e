import Database from 'better-sqlite3'
import { createPrivateFile } from '../../../lib/files/private-files.ts'
import { createSqlStatementPublisher } from '../../../lib/sql-channel.ts'
import { toDatabaseOpenError } from './sqlite-errors.ts'
import { assertSupportedDatabaseVersion, migrate } from './migrate.ts'
import { installVisibleChangeTriggers } from './session-list-change-triggers.ts'

export interface SqliteConnectionOptions {
  readonly profile: string
  readonly durable: boolean
  /**
   * Keeps the index of the WAL in memory, for a disk that has no room for its file. Nobody else can use the database then.
   * Default: false.
   */
  readonly isExclusive?: boolean
}

/**
 * Pages. If the WAL reaches this size, SQLite checkpoints during a commit. It means that the background checkpointer
 * does not run.
 */
const maxWalPages = 64_000
/** While the database is opened. Afterwards a lock is never waited for here, because that would block the thread. */
const openBusyTimeoutMs = 1_000

/**
 * Opens a profile's database for writing, creates or migrates it. Throws DatabaseTooNewError and DatabaseUnusableError;
 * the file is not changed then.
 */
export function openProfileDatabase(path: string, options: SqliteConnectionOptions): Database.Database {
  const { profile, durable, isExclusive = false } = options
  let connection: Database.Database | null = null
  try {
    if (path !== ':memory:') createPrivateFile(path)
    connection = new Database(path, { verbose: createSqlStatementPublisher('segue', path) })
    if (isExclusive) connection.pragma('locking_mode = EXCLUSIVE')
    assertSupportedDatabaseVersion(connection, path)
    connection.pragma('journal_mode = WAL')
    connection.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`)
    connection.pragma('foreign_keys = ON')
    connection.pragma(`busy_timeout = ${openBusyTimeoutMs}`)
    connection.pragma(`wal_autocheckpoint = ${maxWalPages}`)
    migrate(connection, profile)
    installVisibleChangeTriggers(connection)
    connection.pragma('busy_timeout = 0')
    return connection
  } catch (error) {
    connection?.close()
    throw toDatabaseOpenError(error, path)
  }
}
