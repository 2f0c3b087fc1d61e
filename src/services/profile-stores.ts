import { FilesystemBlobStore } from '../storage/filesystem/filesystem-blob-store.ts'
import { HermesSessionReader } from '../hermes/hermes-session-reader.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { SearchSourceModule } from '../search/search-source.ts'
import { SearchService } from '../search/search-service.ts'
import { SqliteCrossOriginFeed } from '../storage/sqlite/conversation-index/cross-origin-feed.ts'
import { WalCheckpointer } from '../storage/sqlite/database/wal-checkpointer.ts'
import { SqliteDatabase } from '../storage/sqlite/database/sqlite-database.ts'
import { BackgroundIndexer } from '../storage/sqlite/search/background-indexer.ts'
import { SqliteEventStore } from '../storage/sqlite/sqlite-event-store.ts'
import { SqliteDecisionStore } from '../storage/sqlite/sqlite-decision-store.ts'
import { SqliteJobStore } from '../storage/sqlite/sqlite-job-store.ts'
import { SqliteSessionReader } from '../storage/sqlite/sqlite-session-reader.ts'
import { NamespacedJobReader } from '../hermes/namespaced-job-reader.ts'
import { NamespacedSearch } from '../hermes/namespaced-search.ts'
import { NamespacedSessionReader } from '../hermes/namespaced-session-reader.ts'
import { IdNamespace } from '../profiles/id-namespace.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import { toBlobFolder, toDatabasePath, toHermesDatabasePath, toHermesIndexPath } from '../profiles/profile-paths.ts'
import type { Logger } from '../lib/logger.ts'

export interface ProfileStorageOptions {
  /** `default` unless told. */
  readonly name?: string
  /** The profile's own folder, and that of its Hermes agent. */
  readonly home: string
  readonly hermesHome: string | null
  readonly durable: boolean
  readonly log: Logger
}

/** Opens a profile. Throws NewerDatabaseError and UnusableDatabaseError. */
export function openProfileStorage(options: ProfileStorageOptions): ProfileStorage {
  const { name = defaultProfileName, home, hermesHome, durable, log } = options
  const databasePath = toDatabasePath(home)
  const { prefix } = IdNamespace.forProfile(name)
  const hermesPath = hermesHome === null ? null : toHermesDatabasePath(hermesHome)
  const database = new SqliteDatabase(databasePath, {
    durable,
    profile: name,
  })
  const walCheckpointer = new WalCheckpointer(databasePath)
  database.onCheckpointDue(() => walCheckpointer.request())
  const hermesReader =
    hermesPath === null
      ? null
      : new HermesSessionReader({
          path: hermesPath,
          profile: name,
          log,
          indexPath: toHermesIndexPath(home),
          crossOriginFeed: new SqliteCrossOriginFeed(database),
        })
  hermesReader?.warmUp()
  const backgroundIndexer = new BackgroundIndexer(database, log)
  const search = new SearchService(searchSources(name, databasePath, hermesPath))
  return {
    name,
    segueSessions: new SqliteSessionReader(database),
    hermesSessions: hermesReader && (prefix === '' ? hermesReader : new NamespacedSessionReader(hermesReader, prefix)),
    eventStore: new SqliteEventStore(database),
    decisions: new SqliteDecisionStore(database),
    blobs: new FilesystemBlobStore(toBlobFolder(home), { durable }),
    jobs: new SqliteJobStore(database),
    hermesJobs:
      hermesReader && (prefix === '' ? hermesReader.jobs : new NamespacedJobReader(hermesReader.jobs, prefix)),
    search: prefix === '' ? search : new NamespacedSearch(search, prefix),
    close: async () => {
      await Promise.all([search.close(), backgroundIndexer.close(), walCheckpointer.close()])
      await hermesReader?.close()
      database.close()
    },
  }
}

function searchSources(profile: string, databasePath: string, hermesPath: string | null): SearchSourceModule[] {
  const segue = new URL('../storage/sqlite/search/open-search-source.ts', import.meta.url).href
  const hermes = new URL('../hermes/search/open-search-source.ts', import.meta.url).href
  return [
    { origin: 'SEGUE', moduleUrl: segue, options: { path: databasePath, profile } },
    ...(hermesPath === null
      ? []
      : [{ origin: 'HERMES' as const, moduleUrl: hermes, options: { path: hermesPath, profile } }]),
  ]
}
