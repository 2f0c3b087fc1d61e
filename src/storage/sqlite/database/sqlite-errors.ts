import Database from 'better-sqlite3'
import { DatabaseUnusableError, StorageError, type StorageFailure } from '../../errors.ts'
import { toFileStorageError } from '../../health/file-storage-error.ts'

/** By the beginnings of result codes. SQLite's extended codes begin with the primary ones. */
const failureByCode: readonly (readonly [prefix: string, failure: StorageFailure])[] = [
  // The index of the WAL cannot grow.
  ['SQLITE_IOERR_SHMSIZE', 'FULL'],
  ['SQLITE_READONLY_DBMOVED', 'REPLACED'],
  ['SQLITE_CONSTRAINT', 'CONSTRAINT'],
  ['SQLITE_BUSY', 'BUSY'],
  ['SQLITE_LOCKED', 'BUSY'],
  ['SQLITE_FULL', 'FULL'],
  ['SQLITE_READONLY', 'READ_ONLY'],
  ['SQLITE_IOERR', 'IO'],
  ['SQLITE_CANTOPEN', 'IO'],
  ['SQLITE_CORRUPT', 'CORRUPT'],
  ['SQLITE_NOTADB', 'CORRUPT'],
]

/** Maps an error of SQLite, or of the file system, to a `StorageError`; returns any other as it is. */
export function toStorageError(error: unknown): unknown {
  if (error instanceof DatabaseUnusableError) return toStorageError(error.cause)
  if (!(error instanceof Database.SqliteError)) return toFileStorageError(error)
  const failure = failureByCode.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? 'OTHER'
  return new StorageError(failure, error)
}

/** Runs `work` and maps what it throws. `onError` is called before. */
export function mapSqliteErrors<T>(work: () => T, onError: (error: unknown) => void = () => undefined): T {
  try {
    return work()
  } catch (error) {
    const mapped = toStorageError(error)
    onError(mapped)
    throw mapped
  }
}

/** Maps an error of SQLite, raised while a file is opened, to a `DatabaseUnusableError`; returns any other as it is. */
export function toDatabaseOpenError(error: unknown, path: string): unknown {
  const cause = error instanceof StorageError ? error.cause : error
  return cause instanceof Database.SqliteError ? new DatabaseUnusableError(path, cause) : error
}
