import type { DoctorStorage } from '../../maintenance/doctor/home-under-check.ts'
import { lockHome } from '../../storage/sqlite/database/home-lock.ts'
import { repairDatabase, restoreMessagesFromLog } from '../../storage/sqlite/maintenance/repair-database.ts'
import { SqliteDatabaseInspection } from '../../storage/sqlite/maintenance/sqlite-database-inspection.ts'

/** The storage that doctor checks, and repairs if it is in SQLite. */
export const sqliteDoctorStorage: DoctorStorage = {
  lockHome,
  openInspection: (path) => SqliteDatabaseInspection.open(path),
  repair: repairDatabase,
  restoreMessagesFromLog,
  // Loaded only when it is used.
  inspectInstallation: async (database) =>
    (await import('../../storage/postgres/inspect-installation.ts')).inspectInstallation(database),
}
