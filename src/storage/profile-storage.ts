import type { HermesStatus } from './sessions/hermes-status.ts'
import type { BlobStore } from './blob-store.ts'
import type { CommandChannel } from './installation/command-channel.ts'
import type { ProfileChangeNotifiers } from './change-notifier.ts'
import type { ApprovalRuleStore } from './decisions/approval-rule-store.ts'
import type { DecisionStore } from './decisions/decision-store.ts'
import type { EventStore } from './event-store.ts'
import type { IdempotencyKeyStore } from './idempotency-key.ts'
import type { ForeignJobReader, JobStore } from './job-store.ts'
import type { ModelObservationStore } from './model-observation-store.ts'
import type { ConversationFlags } from '../model/session-filter.ts'
import type { StorageHealth } from './health/storage-health.ts'
import type { ProfileSearch } from './profile-search.ts'
import type { ForeignUsageReader, UsageSumReader } from './usage/usage-sum-store.ts'
import type { UploadStore } from './uploads/upload-store.ts'
import type { ContextSizeStore } from './sessions/context-size-store.ts'
import type { SegueSessionReader, SessionReader } from './sessions/session-reader.ts'

/** What Segue itself stores for one profile. An implementation of the port provides this; `store-contract.ts` tests it. */
export interface SegueStorage {
  /** The sessions of Segue. */
  readonly segueSessions: SegueSessionReader
  readonly eventStore: EventStore
  readonly decisions: DecisionStore
  readonly approvalRules: ApprovalRuleStore
  /** The jobs of Segue. */
  readonly jobs: JobStore
  readonly modelObservations: ModelObservationStore
  readonly idempotencyKeys: IdempotencyKeyStore
  readonly uploads: UploadStore
  /** What Segue's answers, titles and summaries have used. */
  readonly usageSums: UsageSumReader
  readonly contextSizes: ContextSizeStore
  readonly changes: ProfileChangeNotifiers
  /** Null where a home belongs to one process. */
  readonly commands: CommandChannel | null
  /** Whether the storage works. */
  readonly health: StorageHealth
  close(): Promise<void>
}

/** Everything that belongs to one profile. Nothing of a profile is reached in another way. */
export interface ProfileStorage extends SegueStorage {
  readonly name: string
  /** The sessions of the profile's Hermes agent; null if Hermes is turned off. */
  readonly hermesSessions: SessionReader | null
  readonly blobs: BlobStore
  /** The jobs of the profile's Hermes agent; null if Hermes is turned off. */
  readonly hermesJobs: ForeignJobReader | null
  /** What the profile's Hermes agent has used; null if Hermes is turned off. */
  readonly hermesUsage: ForeignUsageReader | null
  /** Whether Hermes' data can be read now. */
  readonly loadHermesStatus: () => Promise<HermesStatus>
  /** The flags of Segue's sessions that only Hermes has set, by session id, as of its last list. */
  readonly listFlagsFromHermes: () => Promise<Map<string, ConversationFlags>>
  /** Over the sessions of both origins. */
  readonly search: ProfileSearch
}
