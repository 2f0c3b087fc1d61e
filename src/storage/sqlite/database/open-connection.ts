import Database from 'better-sqlite3'
import { statementPublisher } from '../../../lib/sql-channel.ts'
import { IdNamespace } from '../../../profiles/id-namespace.ts'
import { toOpenError } from './sqlite-errors.ts'
import { assertSupportedVersion, migrate } from './migrate.ts'
import { installVisibleChangeTriggers } from './visible-change-tracker.ts'

export interface ConnectionOptions {
  readonly profile: string
  readonly durable: boolean
}

/**
 * Pages. If the WAL reaches this size, SQLite checkpoints during a commit. It means that the background checkpointer
 * does not run.
 */
const maxWalPages = 64_000
const busyTimeoutMs = 1_000

/**
 * Opens a profile's database for writing, creates or migrates it. Throws DatabaseTooNewError and DatabaseUnusableError;
 * the file is not changed then.
 */
export function openConnection(path: string, { profile, durable }: ConnectionOptions): Database.Database {
  let connection: Database.Database | null = null
  try {
    connection = new Database(path, { verbose: statementPublisher('segue', path) })
    assertSupportedVersion(connection, path)
    connection.pragma('journal_mode = WAL')
    connection.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`)
    connection.pragma('foreign_keys = ON')
    connection.pragma(`busy_timeout = ${busyTimeoutMs}`)
    connection.pragma(`wal_autocheckpoint = ${maxWalPages}`)
    migrate(connection, IdNamespace.forProfile(profile))
    installVisibleChangeTriggers(connection)
    return connection
  } catch (error) {
    connection?.close()
    throw toOpenError(error, path)
  }
}
