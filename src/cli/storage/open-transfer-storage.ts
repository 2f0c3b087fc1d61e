import type { DatabaseSettings } from '../../config/storage/resolve-database.ts'
import type { Logger } from '../../lib/logger.ts'
import { openProfileCatalog } from '../../services/catalog/installed-profiles.ts'
import type { TransferStorage } from '../../storage/transfer/transfer-storage.ts'
import { sqliteTransferStorage } from './sqlite-transfer-storage.ts'

/**
 * The storage that the commands export from and import into: that of a home, or a database, which servers may use meanwhile.
 * Throws StorageError and DatabaseTooNewError.
 */
export async function openTransferStorage(
  database: DatabaseSettings | null,
  log: Logger,
): Promise<TransferStorage & AsyncDisposable> {
  if (database === null) return { ...sqliteTransferStorage, [Symbol.asyncDispose]: async () => undefined }
  const { PostgresInstallation } = await import('../../storage/postgres/postgres-installation.ts')
  const installation = await PostgresInstallation.open({ ...database, log })
  return {
    openCatalog: (folders) => openProfileCatalog(installation, folders),
    lockHome: () => ({ release: () => undefined }),
    openExportReader: (_folder, profile) => installation.openExportReader(profile),
    openImportStore: async (_folder, profile) => installation.openImportStore(profile),
    openBlobStore: (_folder, profile) => installation.openBlobStore(profile),
    findExistingSessionId: (_folder, profile, ids) => installation.findExistingSessionId(profile, ids),
    [Symbol.asyncDispose]: () => installation.close(),
  }
}
