import { readFileIdentity } from '../../../lib/file-identity.ts'
import { StorageError } from '../../errors.ts'

/** The files of an open database, which SQLite keeps open. It does not notice if others take their places. */
export class DatabaseFiles {
  readonly #path: string
  readonly #database: string | null
  readonly #wal: string | null

  /** Call it when the database is open. */
  constructor(path: string) {
    this.#path = path
    this.#database = readFileIdentity(path)
    this.#wal = readFileIdentity(toWalPath(path))
  }

  /** Throws StorageError REPLACED if a file was deleted or replaced: what is written then is lost. */
  assertUnchanged(): void {
    if (readFileIdentity(this.#path) !== this.#database) throw createReplacedError(this.#path)
    if (readFileIdentity(toWalPath(this.#path)) !== this.#wal) throw createReplacedError(toWalPath(this.#path))
  }

  /** Whether there is a WAL at the place of the one that was opened. */
  hasForeignWal(): boolean {
    const identity = readFileIdentity(toWalPath(this.#path))
    return identity !== null && identity !== this.#wal
  }
}

const toWalPath = (path: string): string => `${path}-wal`

function createReplacedError(path: string): StorageError {
  return new StorageError('REPLACED', new Error(`${path} was deleted or replaced.`))
}
