import { isContinuable, findClaimedParentId } from '../../../model/lineage.ts'
import type { SessionRecord } from '../../../model/session.ts'
import { type ListFlags, toSessionFlags } from './list-flags.ts'

/** What the index of conversations knows of a session. Times are milliseconds since the epoch. */
export interface IndexedSession {
  readonly id: string
  /** The session that it continues, provided that one is there and can be continued. */
  readonly continues: string | null
  readonly can_be_continued: number
  readonly started_at: number
  /** The newest message's; null without one. */
  readonly message_at: number | null
  readonly activity_at: number
  readonly flags: ListFlags
}

export function toIndexedSession(session: SessionRecord, hasMessages: boolean): IndexedSession {
  return {
    id: session.id,
    continues: findClaimedParentId(session),
    can_be_continued: isContinuable(session) ? 1 : 0,
    started_at: session.startedAt,
    message_at: hasMessages ? session.lastActivityAt : null,
    activity_at: session.lastActivityAt,
    flags: toSessionFlags(session),
  }
}

/** A segment in its place. */
export interface IndexedSessionRow extends IndexedSession {
  readonly root_id: string
  /** Segments between it and its root, that one counted; null in a cycle, below one, and in a chain that was cut off. */
  readonly depth: number | null
}

/** Of two segments of a conversation, whether the first is its tip rather than the second. */
export function isNewerTip(a: IndexedSession, b: IndexedSession): boolean {
  const [newer, older] = [a.message_at ?? -1, b.message_at ?? -1]
  if (newer !== older) return newer > older
  if (a.started_at !== b.started_at) return a.started_at > b.started_at
  return Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)) > 0
}
