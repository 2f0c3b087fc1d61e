import type { StorageHealth } from '../health/storage-health.ts'
import type { InstalledProfileStorage } from '../installation/installation.ts'
import { PostgresBlobStore } from './blobs/postgres-blob-store.ts'
import { PostgresConversationIndex } from './conversation-index/postgres-conversation-index.ts'
import { PostgresEventStore } from './events/postgres-event-store.ts'
import { PostgresApprovalRuleStore } from './postgres-approval-rule-store.ts'
import { PostgresContextSizeStore } from './postgres-context-size-store.ts'
import { PostgresDecisionStore } from './postgres-decision-store.ts'
import { PostgresIdempotencyKeyStore } from './postgres-idempotency-key-store.ts'
import { PostgresJobStore } from './postgres-job-store.ts'
import { PostgresModelObservationStore } from './postgres-model-observation-store.ts'
import { PostgresHermesIndex } from './hermes/postgres-hermes-index.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'
import { PostgresUploadStore } from './postgres-upload-store.ts'
import { PostgresUsageSumStore } from './postgres-usage-sum-store.ts'
import { PostgresSearch, type PostgresSearchOptions } from './search/postgres-search.ts'
import { PostgresSearchIndexer } from './search/postgres-search-indexer.ts'
import { PostgresCommandChannel } from './processes/postgres-command-channel.ts'
import { PostgresSessionReader } from './sessions/postgres-session-reader.ts'

export interface PostgresStorageOptions extends Pick<PostgresSearchOptions, 'limiter' | 'telemetry'> {
  readonly health: StorageHealth
}

/** Opens what Segue stores for a profile in PostgreSQL. Closing it leaves the database of the installation open. */
export function openPostgresStorage(
  database: PostgresProfileDatabase,
  { health, ...searchOptions }: PostgresStorageOptions,
): InstalledProfileStorage {
  const conversationIndex = new PostgresConversationIndex(database)
  const searchIndexer = new PostgresSearchIndexer(database)
  // What other processes have left.
  searchIndexer.schedule()
  database.onWritten(() => {
    conversationIndex.scheduleRefresh()
    searchIndexer.schedule()
  })
  database.onChanged(() => conversationIndex.scheduleRefresh())
  return {
    segueSessions: new PostgresSessionReader(database, conversationIndex),
    eventStore: new PostgresEventStore(database),
    decisions: new PostgresDecisionStore(database),
    approvalRules: new PostgresApprovalRuleStore(database),
    jobs: new PostgresJobStore(database),
    modelObservations: new PostgresModelObservationStore(database),
    idempotencyKeys: new PostgresIdempotencyKeyStore(database),
    usageSums: new PostgresUsageSumStore(database),
    contextSizes: new PostgresContextSizeStore(database),
    uploads: new PostgresUploadStore(database),
    commands: new PostgresCommandChannel(database),
    blobs: new PostgresBlobStore(database),
    hermes: new PostgresHermesIndex(database, conversationIndex),
    changes: database.changes,
    health,
    search: new PostgresSearch({ ...searchOptions, database, conversationIndex, indexer: searchIndexer }),
    async close() {
      await Promise.all([conversationIndex.close(), searchIndexer.close()])
      database.close()
    },
  }
}
