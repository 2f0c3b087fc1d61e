import type { ConversationListEntry } from '../../../sessions/conversation-reader.ts'
import type { RowCacheOptions } from '../../row-cache/row-cache.ts'

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
