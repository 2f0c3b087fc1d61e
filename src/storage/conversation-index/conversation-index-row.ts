import { findLineageLinks, isContinuable } from '../../model/conversation/lineage.ts'
import type { SessionRecord } from '../../model/session.ts'
import { type LiveAttention, rankAttention } from '../../model/conversation/attention.ts'
import { compareUtf8 } from '../../lib/text/compare-utf8.ts'
import type { ConversationIndexEntry } from '../sessions/cross-origin-continuation-feed.ts'
import { conversationFlagsMask, toSessionFlags, toSettingFlags } from './conversation-index-flags.ts'

/** A row of `conversation_sessions`: a session with its position in its conversation. */
export interface ConversationIndexRow extends ConversationIndexEntry {
  readonly root_id: string
  /** The number of continuations from the root; null in a cycle, below one, and in a chain that is cut off. */
  readonly depth: number | null
}

/** What the index needs of a session beside its record. */
export interface SessionAnswerState {
  readonly liveAttention: LiveAttention
  /** When its newest answer ended, or its newest message came in that was not sent through Segue; null without one. */
  readonly answeredAt: number | null
  readonly hasAnswerFailed: boolean
}

export function toConversationIndexEntry(
  session: SessionRecord,
  hasMessages: boolean,
  { liveAttention, answeredAt, hasAnswerFailed }: SessionAnswerState,
): ConversationIndexEntry {
  const { continues, takesPlaceOf } = findLineageLinks(session)
  return {
    id: session.id,
    continues,
    takes_place_of: takesPlaceOf,
    can_be_continued: isContinuable(session) ? 1 : 0,
    started_at: session.startedAt,
    message_at: hasMessages ? session.lastActivityAt : null,
    activity_at: session.lastActivityAt,
    flags: toSessionFlags(session),
    // Segue's own sessions have settings only.
    default_flags: session.origin === 'HERMES' ? toSettingFlags(session) : 0,
    live_attention: rankAttention(liveAttention),
    answered_at: answeredAt,
    answer_failed: hasAnswerFailed ? 1 : 0,
  }
}

/** Whether session `a` of a conversation is its tip rather than session `b`: by newest message, then start, then id. */
export function isNewerTip(a: ConversationIndexEntry, b: ConversationIndexEntry): boolean {
  const order = (a.message_at ?? -1) - (b.message_at ?? -1) || a.started_at - b.started_at || compareUtf8(a.id, b.id)
  return order > 0
}

/** Whether two entries of a session are the same, apart from the flags that it has of its conversation. */
export function areConversationIndexEntriesEqual(a: ConversationIndexEntry, b: ConversationIndexEntry): boolean {
  return (
    a.continues === b.continues &&
    a.takes_place_of === b.takes_place_of &&
    a.can_be_continued === b.can_be_continued &&
    a.started_at === b.started_at &&
    a.message_at === b.message_at &&
    a.activity_at === b.activity_at &&
    (a.flags & ~conversationFlagsMask) === (b.flags & ~conversationFlagsMask) &&
    a.default_flags === b.default_flags &&
    a.live_attention === b.live_attention &&
    a.answered_at === b.answered_at &&
    a.answer_failed === b.answer_failed
  )
}
