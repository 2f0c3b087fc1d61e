import type { ConversationListEntry } from '../../../sessions/conversation-reader.ts'
import type { ConversationSettingsRow } from '../../../sessions/conversation-settings.ts'
import type { RowCacheOptions } from '../../row-cache/row-cache.ts'
import {
  getAttention,
  isArchived,
  isCrossOriginConversation,
  isEmptyConversation,
  isPinned,
} from '../conversation-index-flags.ts'
import type { ConversationSummaryRow } from '../conversation-index-store.ts'

export type ListedConversationRow = ConversationSummaryRow &
  Pick<ConversationSettingsRow, 'title' | 'read_at'> & { readonly title_version: number | null }

/** Selects rows of `ListedConversationRow`. */
export const selectListedConversationsSql = `SELECT conversations.*, settings.title, settings.title_version, settings.read_at
  FROM conversations LEFT JOIN conversation_settings AS settings ON settings.session_id = conversations.root_id`

export const conversationListEntryCache: RowCacheOptions<ConversationListEntry> = {
  name: 'conversation_written',
  tables: [
    { table: 'conversations', idColumn: 'root_id' },
    { table: 'conversation_settings', idColumn: 'session_id' },
  ],
  getId: ({ rootId }) => rootId,
  getTextLength: ({ givenTitle }) => givenTitle?.length ?? 0,
}

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
