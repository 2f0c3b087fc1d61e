import type { ProfileCatalog, ProfilePaths } from '../../profiles/profile-catalog.ts'
import type { BlobStore } from '../blob-store.ts'
import type { HomeLock } from '../home-lock.ts'
import type { ExportReader } from './export-reader.ts'
import type { ImportStore } from './import-store.ts'

/** What exports and imports need of the storage of a home. `folder` is the folder of a profile. */
export interface TransferStorage {
  openCatalog(folders: ProfilePaths): Pick<ProfileCatalog, 'listNames' | 'resolveProfilePaths'>
  /** Keeps servers from using the home, where it stores what they share. Throws HomeInUseError and UnusableHomeError. */
  lockHome(home: string): Pick<HomeLock, 'release'>
  /**
   * Takes a snapshot of what a profile stores, and changes nothing. Resolves to null while nothing was written. Rejects
   * with DatabaseTooNewError, DatabaseNotMigratedError and DatabaseUnusableError.
   */
  openExportReader(folder: string, profile: string): Promise<ExportReader | null>
  /** Creates or migrates the database of the profile. Rejects with DatabaseTooNewError and DatabaseUnusableError. */
  openImportStore(folder: string, profile: string): Promise<ImportStore>
  openBlobStore(folder: string, profile: string): BlobStore
  /**
   * Resolves to the first of these session ids that a profile stores, or to null. Changes nothing, and reads what any
   * version has written. Rejects with DatabaseUnusableError.
   */
  findExistingSessionId(folder: string, profile: string, ids: readonly string[]): Promise<string | null>
}
