import type { SearchPage, SearchRequest } from '../search/search-hit.ts'
import type { BlobStore } from './blob-store.ts'
import type { DecisionStore } from './decision-store.ts'
import type { EventStore } from './event-store.ts'
import type { JobReader, JobStore } from './job-store.ts'
import type { SessionReader } from './session-reader.ts'

/** Full-text search over everything that a profile shows. */
export interface ProfileSearch {
  /** Rejects with the signal's reason when it is aborted, and with RATE_LIMITED when too many searches wait. */
  find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage>
  close(): Promise<void>
}

/** An isolated home: whatever belongs to one profile is reached through it, and through nothing else. */
export interface ProfileStorage {
  readonly name: string
  /** The sessions kept here. */
  readonly segueSessions: SessionReader
  /** Those of its Hermes agent; null when Hermes is turned off. */
  readonly hermesSessions: SessionReader | null
  readonly eventStore: EventStore
  readonly decisions: DecisionStore
  readonly blobs: BlobStore
  /** The scheduled jobs that are kept here. */
  readonly jobs: JobStore
  /** Those of its Hermes agent. */
  readonly hermesJobs: JobReader | null
  /** In both of these. */
  readonly search: ProfileSearch
  close(): Promise<void>
}
