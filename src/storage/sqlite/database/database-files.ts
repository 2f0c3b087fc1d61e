import { readFileIdentity } from '../../../lib/file-identity.ts'
import { StorageError } from '../../errors.ts'

/** Which files are at the paths of a database and its WAL; null where there is none. */
interface DatabaseIdentity {
  readonly database: string | null
  readonly wal: string | null
}

/** The files of an open database, which SQLite keeps open. It does not notice if others take their places. */
export class DatabaseFiles {
  readonly #path: string
  readonly identity: DatabaseIdentity

  /** Call it when the database is open, or with the identity that it had then. */
  constructor(path: string, identity: DatabaseIdentity = readDatabaseIdentity(path)) {
    this.#path = path
    this.identity = identity
  }

  /** Throws StorageError REPLACED if a file was deleted or replaced: what is written then is lost. */
  assertUnchanged(): void {
    const { database, wal } = readDatabaseIdentity(this.#path)
    if (database !== this.identity.database) throw createReplacedError(this.#path)
    if (wal !== this.identity.wal) throw createReplacedError(toWalPath(this.#path))
  }

  /** Whether there is a WAL at the place of the one that was opened. */
  hasForeignWal(): boolean {
    const { wal } = readDatabaseIdentity(this.#path)
    return wal !== null && wal !== this.identity.wal
  }
}

function readDatabaseIdentity(path: string): DatabaseIdentity {
  return { database: readFileIdentity(path), wal: readFileIdentity(toWalPath(path)) }
}

const toWalPath = (path: string): string => `${path}-wal`

function createReplacedError(path: string): StorageError {
  return new StorageError('REPLACED', new Error(`${path} was deleted or replaced.`))
}
