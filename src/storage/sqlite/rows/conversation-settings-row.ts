import type { ConversationSettingsUpdate } from '../../sessions/conversation-settings.ts'
import { ConversationSettingsTable } from './conversation-settings-table.ts'
import { allocateChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

/** Sets what the patch contains for all the sessions. Call it inside a transaction, with ids without a namespace. */
export function updateConversationSettings(db: SqlConnection, { sessionIds, patch }: ConversationSettingsUpdate): void {
  const table = new ConversationSettingsTable(db)
  const version = allocateChangeSeq(db, 'conversation_settings')
  const toVersion = (value: unknown): number => (value === undefined ? 0 : version)
  for (const sessionId of sessionIds) {
    table.merge({
      session_id: sessionId,
      title: patch.title ?? null,
      title_version: toVersion(patch.title),
      pinned: patch.pinned ? 1 : 0,
      pinned_version: toVersion(patch.pinned),
      archived: patch.archived ? 1 : 0,
      archived_version: toVersion(patch.archived),
    })
  }
}
