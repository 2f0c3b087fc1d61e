import type { ConversationListEntry } from '../sessions/conversation-reader.ts'
import type { ConversationSettingsRow } from '../sessions/conversation-settings.ts'
import {
  getAttention,
  isArchived,
  isCrossOriginConversation,
  isEmptyConversation,
  isPinned,
} from './conversation-index-flags.ts'
import type { ConversationSummaryRow } from './conversation-index-tables.ts'

/** A row of `conversations` with the settings of its root; null if it has none. */
export type ListedConversationRow = ConversationSummaryRow &
  Pick<ConversationSettingsRow, 'title' | 'read_at'> & { readonly title_version: number | null }

export function toConversationListEntry(row: ListedConversationRow): ConversationListEntry {
  return {
    rootId: row.root_id,
    tipId: row.tip_id,
    segmentCount: row.segment_count,
    lastActivityAt: row.last_activity_at,
    ...(row.title_version && { givenTitle: row.title }),
    pinned: isPinned(row.flags),
    archived: isArchived(row.flags),
    attention: getAttention(row.flags),
    attentionSessionId: row.attention_session_id,
    readAt: row.read_at,
    isEmpty: isEmptyConversation(row.flags),
    isCrossOrigin: isCrossOriginConversation(row.flags),
  }
}
