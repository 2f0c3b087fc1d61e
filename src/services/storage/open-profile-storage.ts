import { HermesSessionReader } from '../../hermes/hermes-session-reader.ts'
import { NamespacedHermesJobReader } from '../../hermes/namespaced-hermes-job-reader.ts'
import { HermesSettingsSearch } from '../../hermes/hermes-settings-search.ts'
import { HermesIdQualifyingSearch } from '../../hermes/hermes-id-qualifying-search.ts'
import { NamespacedHermesUsageReader } from '../../hermes/usage/namespaced-hermes-usage-reader.ts'
import { NamespacedSessionReader } from '../../hermes/namespaced-session-reader.ts'
import type { Logger } from '../../lib/logger.ts'
import { noTelemetry, type Telemetry } from '../../lib/telemetry/telemetry.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import {
  toBlobFolder,
  toDatabasePath,
  toHermesDatabasePath,
  toHermesConversationIndexPath,
} from '../../profiles/profile-paths.ts'
import { SearchService } from '../../search/search-service.ts'
import type { SearchSourceModule } from '../../search/search-source.ts'
import { FilesystemBlobStore } from '../../storage/filesystem/filesystem-blob-store.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import { openSqliteStorage, type SqliteStorageOptions } from '../../storage/sqlite/open-sqlite-storage.ts'
import type { StorageHealth } from '../../storage/health/storage-health.ts'

export interface ProfileStorageOptions {
  /** The name of the profile; `default` if it is left out. */
  readonly name?: string
  /** The profile's folder. */
  readonly home: string
  /** The folder of its Hermes agent; null if Hermes is turned off. */
  readonly hermesHome: string | null
  /**
   * When Segue was first started in its home, in epoch milliseconds: older messages of Hermes count as read in conversations
   * without a read mark. Default: no message does.
   */
  readonly firstStartedAt?: number
  /** Every commit waits for the disk. */
  readonly durable: boolean
  readonly log: Logger
  /** Default: nothing is measured. */
  readonly telemetry?: Telemetry
  /** Is told of failures. Default: one that logs them. */
  readonly health?: StorageHealth
  /** Is asked before each write. Default: nobody else uses the home. */
  readonly homeLock?: NonNullable<SqliteStorageOptions['homeLock']>
  /** Opens the database. Tests replace it, to inject failures. */
  readonly openConnection?: NonNullable<SqliteStorageOptions['openConnection']>
}

/** Opens everything of a profile: SQLite, the blobs and Hermes. Throws DatabaseTooNewError and DatabaseUnusableError. */
export function openProfileStorage(options: ProfileStorageOptions): ProfileStorage {
  const {
    name = defaultProfileName,
    home,
    hermesHome,
    firstStartedAt = 0,
    durable,
    log,
    telemetry = noTelemetry,
  } = options
  const { searchSource, crossOriginFeed, reportSearchDamage, ...segue } = openSqliteStorage({
    path: toDatabasePath(home),
    profile: name,
    durable,
    log,
    ...(options.health && { health: options.health }),
    ...(options.homeLock && { homeLock: options.homeLock }),
    ...(options.openConnection && { openConnection: options.openConnection }),
  })
  const hermesPath = hermesHome === null ? null : toHermesDatabasePath(hermesHome)
  const indexPath = toHermesConversationIndexPath(home)
  const hermes =
    hermesPath === null
      ? null
      : new HermesSessionReader({
          path: hermesPath,
          profile: name,
          log,
          indexPath,
          crossOriginFeed,
          readMarksStart: firstStartedAt,
        })
  hermes?.warmUp()
  const sources = hermesPath === null ? [searchSource] : [searchSource, toHermesSearchSource(hermesPath, name)]
  const searches = new SearchService({ sources, telemetry, onIndexDamaged: reportSearchDamage })
  const search =
    hermes === null ? searches : new HermesSettingsSearch(searches, { feed: crossOriginFeed, sessions: hermes })
  return {
    ...segue,
    name,
    hermesSessions: hermes && new NamespacedSessionReader(hermes, name),
    hermesJobs: hermes && new NamespacedHermesJobReader(hermes.jobs, name),
    hermesUsage: hermes && new NamespacedHermesUsageReader(hermes, name),
    loadHermesStatus: async () => (await hermes?.loadStatus()) ?? { state: 'DISABLED', error: null },
    listFlagsFromHermes: async () => (await hermes?.listFlagsOfSegueSessions()) ?? new Map(),
    blobs: new FilesystemBlobStore(toBlobFolder(home), { durable, health: segue.health }),
    search: new HermesIdQualifyingSearch(search, name),
    async close() {
      await Promise.all([search.close(), hermes?.close()])
      await segue.close()
    },
  }
}

/** Searches a state.db. */
export function toHermesSearchSource(path: string, profile: string): SearchSourceModule {
  const moduleUrl = new URL('../../hermes/search/open-search-source.ts', import.meta.url).href
  return { origin: 'HERMES', moduleUrl, options: { path, profile } }
}
