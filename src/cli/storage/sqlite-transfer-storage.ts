import { toBlobFolder, toDatabasePath } from '../../profiles/profile-paths.ts'
import { ProfileDirectory } from '../../profiles/profile-directory.ts'
import { FilesystemBlobStore } from '../../storage/filesystem/filesystem-blob-store.ts'
import { lockHome } from '../../storage/sqlite/database/home-lock.ts'
import { findExistingSessionId } from '../../storage/sqlite/transfer/find-existing-session.ts'
import { SqliteExportReader } from '../../storage/sqlite/transfer/sqlite-export-reader.ts'
import { SqliteImportStore } from '../../storage/sqlite/transfer/sqlite-import-store.ts'
import type { TransferStorage } from '../../storage/transfer/transfer-storage.ts'

/** The storage that the commands export from and import into: SQLite databases, and files for the blobs. */
export const sqliteTransferStorage: TransferStorage = {
  openCatalog: (folders) => new ProfileDirectory(folders),
  lockHome,
  openExportReader: async (folder, profile) => SqliteExportReader.open(toDatabasePath(folder), profile),
  openImportStore: async (folder, profile) => new SqliteImportStore(toDatabasePath(folder), profile),
  openBlobStore: (folder) => new FilesystemBlobStore(toBlobFolder(folder)),
  findExistingSessionId: async (folder, _profile, ids) => findExistingSessionId(toDatabasePath(folder), ids),
}
