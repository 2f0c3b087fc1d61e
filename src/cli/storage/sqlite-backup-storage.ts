import type { BackupStorage } from '../../storage/maintenance/backup-storage.ts'
import { lockHome } from '../../storage/sqlite/database/home-lock.ts'
import { SqliteDatabaseSnapshot } from '../../storage/sqlite/maintenance/sqlite-database-snapshot.ts'
import { verifyDatabaseCopy } from '../../storage/sqlite/maintenance/verify-database-copy.ts'

/** The storage that is backed up and restored: SQLite databases. */
export const sqliteBackupStorage: BackupStorage = {
  lockHome,
  openSnapshot: (path) => SqliteDatabaseSnapshot.open(path),
  verifyCopy: verifyDatabaseCopy,
}
