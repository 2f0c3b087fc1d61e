import { canBeContinued, claimOf } from '../../../model/lineage.ts'
import type { SessionRecord } from '../../../model/records.ts'
import { type Facet, facetOf } from './list-flags.ts'

/** What the index of conversations knows of a session. Times are milliseconds since the epoch. */
export interface Segment {
  readonly id: string
  /** The session that it continues, provided that one is there and can be continued. */
  readonly continues: string | null
  readonly can_be_continued: number
  readonly started_at: number
  /** The newest message's; null without one. */
  readonly message_at: number | null
  readonly activity_at: number
  readonly facet: Facet
}

export function segmentOf(session: SessionRecord, hasMessages: boolean): Segment {
  return {
    id: session.id,
    continues: claimOf(session),
    can_be_continued: canBeContinued(session) ? 1 : 0,
    started_at: session.startedAt,
    message_at: hasMessages ? session.lastActivityAt : null,
    activity_at: session.lastActivityAt,
    facet: facetOf(session),
  }
}

/** A segment in its place. */
export interface PlacedSegment extends Segment {
  readonly root_id: string
  /** Segments between it and its root, that one counted; null in a cycle, below one, and in a chain that was cut off. */
  readonly depth: number | null
}

/** Of two segments of a conversation, whether the first is its tip rather than the second. */
export function isTipBefore(a: Segment, b: Segment): boolean {
  const [newer, older] = [a.message_at ?? -1, b.message_at ?? -1]
  if (newer !== older) return newer > older
  if (a.started_at !== b.started_at) return a.started_at > b.started_at
  return Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)) > 0
}
