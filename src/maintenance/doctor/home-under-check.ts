import type { ResolvedPaths } from '../../config/paths.ts'
import type { BackupStorage } from '../../storage/maintenance/backup-storage.ts'
import type { InspectionStorage } from '../../storage/maintenance/database-inspection.ts'

export type DoctorStorage = InspectionStorage & Pick<BackupStorage, 'lockHome'>

/** What doctor works on. */
export interface HomeUnderCheck {
  readonly paths: ResolvedPaths
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
