import type { ResolvedPaths } from '../../config/paths.ts'
import type { DatabaseSettings } from '../../config/storage/resolve-database.ts'
import type { BackupStorage } from '../../storage/maintenance/backup-storage.ts'
import type { InspectionStorage } from '../../storage/maintenance/database-inspection.ts'
import type { InspectInstallation } from '../../storage/maintenance/installation-inspection.ts'

export type DoctorStorage = InspectionStorage &
  Pick<BackupStorage, 'lockHome'> & { readonly inspectInstallation: InspectInstallation }

/** What doctor works on. */
export interface HomeUnderCheck {
  readonly paths: ResolvedPaths
  /** Null: everything is in the home. */
  readonly database: DatabaseSettings | null
  readonly env: NodeJS.ProcessEnv
  readonly homedir: string
  readonly storage: DoctorStorage
}

/** A profile of it, and its folder. */
export interface ProfileUnderCheck {
  readonly name: string
  readonly folder: string
  /** The folder of its Hermes agent. */
  readonly hermesFolder: string | null
}
