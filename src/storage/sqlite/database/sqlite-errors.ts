import Database from 'better-sqlite3'
import { DatabaseUnusableError, StorageError, type StorageFailure } from '../../errors.ts'

/** By the primary result code, with which SQLite's extended codes begin. */
const failureByCode: readonly (readonly [prefix: string, failure: StorageFailure])[] = [
  ['SQLITE_CONSTRAINT', 'CONSTRAINT'],
  ['SQLITE_BUSY', 'BUSY'],
  ['SQLITE_LOCKED', 'BUSY'],
  ['SQLITE_FULL', 'FULL'],
  ['SQLITE_READONLY', 'READ_ONLY'],
  ['SQLITE_IOERR', 'IO'],
  ['SQLITE_CORRUPT', 'CORRUPT'],
  ['SQLITE_NOTADB', 'CORRUPT'],
]

/** Maps an error of SQLite to a `StorageError`; returns any other as it is. */
export function toStorageError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  const failure = failureByCode.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? 'OTHER'
  return new StorageError(failure, error)
}

/** Runs `work` and maps what it throws. */
export function mapSqliteErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toStorageError(error)
  }
}

/** Maps an error of SQLite, raised while a file is opened, to a `DatabaseUnusableError`; returns any other as it is. */
export function toDatabaseOpenError(error: unknown, path: string): unknown {
  const cause = error instanceof StorageError ? error.cause : error
  return cause instanceof Database.SqliteError ? new DatabaseUnusableError(path, cause) : error
}
