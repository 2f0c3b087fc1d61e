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

/** Which conversation a session belongs to. */
export interface SessionRootRow {
  readonly id: string
  readonly root_id: string
}

/** The conversation of each session. */
export function mapBySession(
  positions: readonly SessionRootRow[],
  conversations: readonly ConversationListEntry[],
): Map<string, ConversationListEntry> {
  const byRoot = new Map(conversations.map((entry) => [entry.rootId, entry]))
  return new Map(
    positions.flatMap(({ id, root_id }): [string, ConversationListEntry][] => {
      const entry = byRoot.get(root_id)
      return entry ? [[id, entry]] : []
    }),
  )
}
