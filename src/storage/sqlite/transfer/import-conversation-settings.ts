import { type ImportedSessionSettings, toImportedConversationPatch } from '../../transfer/imported-session-settings.ts'
import { ConversationSettingsTable } from '../conversation-settings/conversation-settings-table.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

/** Sets for all imported sessions what the tip says. Call it in the transaction of the import, when the messages are counted. */
export function importConversationSettings(db: SqlConnection, imported: readonly ImportedSessionSettings[]): void {
  const sessionIds = imported.map(({ session }) => session.id)
  const tip = db
    .prepare<[string], { id: string }>(
      `SELECT id FROM sessions WHERE id IN (SELECT value FROM json_each(?))
       ORDER BY CASE WHEN message_count > 0 THEN last_activity_at ELSE -1 END DESC, started_at DESC, id DESC LIMIT 1`,
    )
    .get(JSON.stringify(sessionIds))
  const patch = toImportedConversationPatch(imported, tip?.id)
  if (patch) new ConversationSettingsTable(db).update({ sessionIds, patch })
}
