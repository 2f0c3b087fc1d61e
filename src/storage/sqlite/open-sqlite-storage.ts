import type { Logger } from '../../lib/logger.ts'
import type { SearchSourceModule } from '../../search/search-source.ts'
import type { SegueStorage } from '../profile-storage.ts'
import type { CrossOriginContinuationFeed } from '../sessions/cross-origin-continuation-feed.ts'
import { SqliteCrossOriginContinuationFeed } from './conversation-index/sqlite-cross-origin-continuation-feed.ts'
import type { SegueProfileDatabaseOptions } from './profile-database-options.ts'
import { SegueProfileDatabase } from './segue-profile-database.ts'
import { StorageHealth } from '../health/storage-health.ts'
import { BackgroundRowDeleter } from './deletion/background-row-deleter.ts'
import { DamageReporter } from './maintenance/damage-reporter.ts'
import { WalCheckpointer } from './database/wal-checkpointer.ts'
import { BackgroundSearchIndexer } from './search/background-search-indexer.ts'
import { SqliteApprovalRuleStore } from './sqlite-approval-rule-store.ts'
import { SqliteDecisionStore } from './sqlite-decision-store.ts'
import { SqliteEventStore } from './sqlite-event-store.ts'
import { SqliteIdempotencyKeyStore } from './sqlite-idempotency-key-store.ts'
import { SqliteJobStore } from './sqlite-job-store.ts'
import { SqliteModelObservationStore } from './sqlite-model-observation-store.ts'
import { SqliteSessionReader } from './sessions/sqlite-session-reader.ts'
import { SqliteContextSizeStore } from './sqlite-context-size-store.ts'
import { SqliteUsageSumStore } from './sqlite-usage-sum-store.ts'
import { SqliteUploadStore } from './sqlite-upload-store.ts'

export interface SqliteStorageOptions {
  /** The database file. The first write creates it. */
  readonly path: string
  /** The name of the profile. */
  readonly profile: string
  /** Every commit waits for the disk. */
  readonly durable: boolean
  readonly log: Logger
  /** Is told of failures. Default: one that logs them. */
  readonly health?: StorageHealth
  /** Is asked before each write. */
  readonly homeLock?: NonNullable<SegueProfileDatabaseOptions['homeLock']>
  /** Opens the database. Tests replace it, to inject failures. */
  readonly openConnection?: NonNullable<SegueProfileDatabaseOptions['openConnection']>
}

export interface SqliteStorage extends SegueStorage {
  /** The module that searches the database, for the search worker. */
  readonly searchSource: SearchSourceModule
  /** A search that began then, by `performance.now()`, has met damage of the index. */
  readonly reportSearchDamage: (startedAt: number) => void
  /** The sessions that continue Hermes sessions, for the index of Hermes. */
  readonly crossOriginFeed: CrossOriginContinuationFeed
}

/** How soon a server that writes nothing notices that its database was replaced. */
const fileCheckIntervalMs = 5_000

/** Opens what Segue stores for a profile in SQLite. Throws DatabaseTooNewError and DatabaseUnusableError. */
export function openSqliteStorage({ path, log, ...options }: SqliteStorageOptions): SqliteStorage {
  const { health = new StorageHealth({ log }) } = options
  const damageReporter = new DamageReporter({ path, health, log })
  const database = new SegueProfileDatabase(path, { ...options, health })
  const { profile } = options
  const walCheckpointer = new WalCheckpointer(path)
  database.onCheckpointDue((files) => walCheckpointer.request(files))
  const fileCheck = setInterval(() => database.checkFile(), fileCheckIntervalMs).unref()
  const backgroundIndexer = new BackgroundSearchIndexer(database, health, log)
  const rowDeleter = new BackgroundRowDeleter(database, log)
  const moduleUrl = new URL('./search/open-search-source.ts', import.meta.url).href
  return {
    segueSessions: new SqliteSessionReader(database),
    eventStore: new SqliteEventStore(database),
    decisions: new SqliteDecisionStore(database),
    approvalRules: new SqliteApprovalRuleStore(database),
    jobs: new SqliteJobStore(database),
    modelObservations: new SqliteModelObservationStore(database),
    idempotencyKeys: new SqliteIdempotencyKeyStore(database),
    usageSums: new SqliteUsageSumStore(database),
    contextSizes: new SqliteContextSizeStore(database),
    uploads: new SqliteUploadStore(database),
    changes: database.changes,
    commands: null,
    health,
    crossOriginFeed: new SqliteCrossOriginContinuationFeed(database),
    reportSearchDamage: (startedAt) => backgroundIndexer.reportDamage(startedAt),
    searchSource: { origin: 'SEGUE', moduleUrl, options: { path, profile } },
    async close() {
      clearInterval(fileCheck)
      // Whoever stops the server learns if the file was deleted since the last check.
      database.checkFile()
      await Promise.all([
        backgroundIndexer.close(),
        rowDeleter.close(),
        walCheckpointer.close(),
        damageReporter.close(),
      ])
      database.close()
    },
  }
}
