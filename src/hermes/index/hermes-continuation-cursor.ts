import type { HermesContinuationChange } from '../../storage/sessions/hermes-continuation-feed.ts'

/** How far Hermes' index has followed Segue's HermesContinuationFeed. */
export interface HermesContinuationCursor {
  /** The database that the numbers belong to; null for one that was never written to. */
  readonly databaseId: string | null
  readonly changeSeq: number
}

/** Consecutive changes of the feed: those after a `changeSeq`, up to the last one. */
export interface HermesContinuationBatch {
  readonly databaseId: string | null
  readonly after: number
  readonly changes: readonly HermesContinuationChange[]
}
