import type { HomeLock } from '../home-lock.ts'

/** A profile's database as it was at one moment, whatever a server writes to it meanwhile. */
export interface DatabaseSnapshot extends Disposable {
  /** The hashes of all blobs that something refers to. Empty for a database that an older Segue wrote. */
  listReferencedBlobs(): string[]
  /** Copies the snapshot into one new file without side files. Throws StorageError, and the signal's reason. */
  copyTo(path: string, signal: AbortSignal): Promise<void>
}

/** What backups need of the storage of a home. */
export interface BackupStorage {
  /** Throws HomeInUseError and UnusableHomeError. */
  lockHome(home: string): HomeLock
  /** Throws DatabaseTooNewError and DatabaseUnusableError. */
  openSnapshot(path: string): DatabaseSnapshot
  /**
   * Checks every page and every index of a copy that nobody else uses, and returns what is damaged, one line each. Throws
   * DatabaseTooNewError and DatabaseUnusableError.
   */
  verifyCopy(path: string): readonly string[]
}
