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

/** What to do about failures when a database is opened. */
const openAdvice: Readonly<Partial<Record<StorageFailure, string>>> = {
  FULL: 'Free some space on its disk.',
  READ_ONLY: 'Make it and its folder writable, or start with another --home.',
  BUSY: 'Close the other program that uses it.',
}

/** Maps an error of SQLite, or of the file system, to a `StorageError`; returns any other as it is. */
export function toStorageError(error: unknown): unknown {
  if (error instanceof DatabaseUnusableError) return toStorageError(error.cause)
  if (!(error instanceof Database.SqliteError)) return toFileStorageError(error)
  return new StorageError(toFailure(error), error)
}

function toFailure({ code }: { readonly code: string }): StorageFailure {
  return failureByCode.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'OTHER'
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
  if (!(cause instanceof Database.SqliteError)) return error
  return new DatabaseUnusableError(path, cause, openAdvice[toFailure(cause)])
}
