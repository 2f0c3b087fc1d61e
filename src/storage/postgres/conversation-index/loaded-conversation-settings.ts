import type { ConversationSettingsRows } from '../../conversation-index/conversation-index-tables.ts'
import {
  areConversationSettingsEqual,
  type ConversationSettingsRow,
  mergeConversationSettings,
} from '../../sessions/conversation-settings.ts'

/** Settings of conversations in memory. `merged`: the rows to store. */
export class LoadedConversationSettings implements ConversationSettingsRows {
  readonly merged = new Map<string, ConversationSettingsRow>()
  readonly #rows: Map<string, ConversationSettingsRow>

  constructor(rows: readonly ConversationSettingsRow[]) {
    this.#rows = new Map(rows.map((row) => [row.session_id, row]))
  }

  find(sessionId: string): ConversationSettingsRow | null {
    return this.#rows.get(sessionId) ?? null
  }

  findMany(sessionIds: readonly string[]): ConversationSettingsRow[] {
    return [...new Set(sessionIds)].flatMap((id) => this.find(id) ?? [])
  }

  merge(row: ConversationSettingsRow): boolean {
    const old = this.find(row.session_id)
    const merged = old ? mergeConversationSettings(old, row) : row
    if (old && areConversationSettingsEqual(old, merged)) return false
    this.#rows.set(row.session_id, merged)
    this.merged.set(row.session_id, merged)
    return true
  }
}
