import type { ConversationSettingsRows } from '../../conversation-index/conversation-index-tables.ts'
import { allocateChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import {
  areConversationSettingsEqual,
  type ConversationSettingsRow,
  type ConversationSettingsUpdate,
  hasVersionedSettings,
  mergeConversationSettings,
  toConversationSettingsRow,
} from '../../sessions/conversation-settings.ts'

/** Reads and writes rows of `conversation_settings`. Ids of Hermes are stored without the namespace of the profile. */
export class ConversationSettingsTable implements ConversationSettingsRows {
  readonly #db: SqlConnection

  constructor(db: SqlConnection) {
    this.#db = db
  }

  find(sessionId: string): ConversationSettingsRow | null {
    return (
      this.#db
        .prepare<[string], ConversationSettingsRow>('SELECT * FROM conversation_settings WHERE session_id = ?')
        .get(sessionId) ?? null
    )
  }

  /** In no order. Sessions without settings are left out. */
  findMany(sessionIds: readonly string[]): ConversationSettingsRow[] {
    return this.#db
      .prepare<[string], ConversationSettingsRow>(
        'SELECT * FROM conversation_settings WHERE session_id IN (SELECT value FROM json_each(?))',
      )
      .all(JSON.stringify(sessionIds))
  }

  /** Adds what is newer in `row` to the settings of its session. Returns whether anything was. */
  merge(row: ConversationSettingsRow): boolean {
    const old = this.find(row.session_id)
    const merged = old ? mergeConversationSettings(old, row) : row
    if (old && areConversationSettingsEqual(old, merged)) return false
    this.#db
      .prepare<[ConversationSettingsRow]>(
        `INSERT INTO conversation_settings
           (session_id, title, title_version, pinned, pinned_version, archived, archived_version, read_at)
         VALUES (:session_id, :title, :title_version, :pinned, :pinned_version, :archived, :archived_version, :read_at)
         ON CONFLICT (session_id) DO UPDATE SET title = :title, title_version = :title_version, pinned = :pinned,
           pinned_version = :pinned_version, archived = :archived, archived_version = :archived_version,
           read_at = :read_at`,
      )
      .run(merged)
    return true
  }

  /** Sets what the patch contains for all the sessions. Call it inside a transaction of Segue's database. */
  update({ sessionIds, patch }: ConversationSettingsUpdate): void {
    const version = hasVersionedSettings(patch) ? allocateChangeSeq(this.#db, 'conversation_settings') : 0
    for (const sessionId of sessionIds) this.merge(toConversationSettingsRow(sessionId, patch, version))
  }

  delete(sessionId: string): void {
    this.#db.prepare<[string]>('DELETE FROM conversation_settings WHERE session_id = ?').run(sessionId)
  }

  /** Forgets all settings. Returns the ids of the sessions that had any. */
  clear(): string[] {
    return this.#db
      .prepare<[], { session_id: string }>('DELETE FROM conversation_settings RETURNING session_id')
      .all()
      .map(({ session_id }) => session_id)
  }
}
