import type { SessionRecord } from '../../../model/session.ts'
import { isRenamed } from '../../../model/conversation/title.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { ConversationSettingsTable } from '../conversation-settings/conversation-settings-table.ts'

/** A session of the imported conversation, with what its record says of the conversation. */
export interface ImportedSessionSettings {
  readonly session: Pick<SessionRecord, 'id' | 'title' | 'titleSource' | 'pinned' | 'archived'>
  /** Null for the title of the root. Left out in old documents. */
  readonly conversationTitle?: string | null
}

/**
 * Sets for all imported sessions what the tip says: in old documents, the sessions of a conversation may differ. What is
 * not set stays open, so that a conversation that goes on into Hermes keeps what is set there. Call it in the transaction of
 * the import, when the messages are counted.
 */
export function importConversationSettings(db: SqlConnection, imported: readonly ImportedSessionSettings[]): void {
  const sessionIds = imported.map(({ session }) => session.id)
  const row = db
    .prepare<[string], { id: string }>(
      `SELECT id FROM sessions WHERE id IN (SELECT value FROM json_each(?))
       ORDER BY CASE WHEN message_count > 0 THEN last_activity_at ELSE -1 END DESC, started_at DESC, id DESC LIMIT 1`,
    )
    .get(JSON.stringify(sessionIds))
  const tip = imported.find(({ session }) => session.id === row?.id)
  if (!tip) return
  const { pinned, archived } = tip.session
  // Documents older than the titles of conversations lack the field. The root comes first.
  const [root = tip] = imported
  const { conversationTitle = isRenamed(root.session, tip.session) ? tip.session.title : null } = tip
  const patch = {
    ...(conversationTitle !== null && { title: conversationTitle }),
    ...(pinned && { pinned }),
    ...(archived && { archived }),
  }
  if (Object.keys(patch).length > 0) new ConversationSettingsTable(db).update({ sessionIds, patch })
}
