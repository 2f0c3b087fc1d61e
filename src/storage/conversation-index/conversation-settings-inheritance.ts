import type { ConversationIndexEntry } from '../sessions/cross-origin-continuation-feed.ts'
import {
  areConversationSettingsEqual,
  type ConversationSettingsRow,
  mergeConversationSettings,
} from '../sessions/conversation-settings.ts'
import type { ConversationIndexTables, ConversationSettingsRows } from './conversation-index-tables.ts'

/** Whether a session takes over the settings of its conversation now, rather than with its first message. */
export type SettingsInheritanceRule = (session: ConversationIndexEntry) => boolean

/**
 * Gives all sessions of a conversation the same settings. A session that joins a conversation takes them over; where two
 * conversations become one, what was set last counts. A session that leaves keeps what it has.
 */
export class ConversationSettingsInheritance {
  readonly #sessions: ConversationIndexTables
  readonly #settings: ConversationSettingsRows
  readonly #canInherit: SettingsInheritanceRule

  constructor(
    sessions: ConversationIndexTables,
    settings: ConversationSettingsRows,
    canInherit: SettingsInheritanceRule,
  ) {
    this.#sessions = sessions
    this.#settings = settings
    this.#canInherit = canInherit
  }

  /**
   * Spreads the settings of a conversation that sessions have joined, or whose own settings have changed there. Returns them,
   * or null if there are none. Adds the rows that it writes to `written`.
   */
  spread(
    rootId: string,
    changedIds: ReadonlySet<string>,
    written: ConversationSettingsRow[],
  ): ConversationSettingsRow | null {
    if (changedIds.size === 0) return this.#settings.find(rootId)
    const rows = this.#settings.findMany([rootId, ...changedIds])
    const [first, ...others] = rows
    if (!first) return null
    const merged = others.reduce(mergeConversationSettings, first)
    const bySession = new Map(rows.map((row) => [row.session_id, row]))
    const root = bySession.get(rootId)
    const isChanged = !root || !areConversationSettingsEqual(root, merged)
    for (const id of isChanged ? this.#sessions.listSessionIds(rootId) : changedIds) {
      const old = bySession.get(id)
      if (old && areConversationSettingsEqual(old, merged)) continue
      // The conversation reads its settings from the root.
      if (id !== rootId && !this.#mayInherit(id)) continue
      const row = { ...merged, session_id: id }
      if (this.#settings.merge(row)) written.push(row)
    }
    return merged
  }

  #mayInherit(id: string): boolean {
    const session = this.#sessions.findSession(id)
    return session !== null && this.#canInherit(session)
  }
}
