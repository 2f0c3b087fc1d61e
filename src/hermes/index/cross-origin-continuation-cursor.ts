import type { CrossOriginContinuationChange } from '../../storage/sessions/cross-origin-continuation-feed.ts'

/** How far Hermes' index has followed Segue's CrossOriginContinuationFeed. */
export interface CrossOriginContinuationCursor {
  /** The database that the numbers belong to; null for one that was never written to. */
  readonly databaseId: string | null
  readonly changeSeq: number
}

/** Consecutive changes of the feed: those after a `changeSeq`, up to the last one. */
export interface CrossOriginContinuationBatch {
  readonly databaseId: string | null
  readonly after: number
  readonly changes: readonly CrossOriginContinuationChange[]
}
