import { markAsUnchanging } from '../../../lib/lists/unchanging-objects.ts'
import type { ListedSessionFacts, SessionRecord } from '../../../model/session.ts'
import { type ConversationIndexFlags, isArchived, isPinned } from '../../conversation-index/conversation-index-flags.ts'
import type { RowCacheOptions } from '../row-cache/row-cache.ts'
import { sessionFromRow, type SessionRowWithSettings } from '../../rows/session-row.ts'

/** Selects rows of `StoredSessionRow`. */
export const selectStoredSessionsSql = `
  SELECT sessions.*, settings.pinned, settings.archived, indexed.flags AS list_flags FROM sessions
  LEFT JOIN conversation_settings AS settings ON settings.session_id = sessions.id
  LEFT JOIN conversation_sessions AS indexed ON indexed.id = sessions.id`

export interface StoredSessionRow extends SessionRowWithSettings {
  readonly message_count: number
  /** What the conversation index has of it. Null if it is not indexed yet. */
  readonly list_flags: ConversationIndexFlags | null
}

export const storedSessionCache: RowCacheOptions<StoredSession> = {
  name: 'session_written',
  tables: [
    { table: 'sessions', idColumn: 'id' },
    { table: 'conversation_settings', idColumn: 'session_id' },
    { table: 'conversation_sessions', idColumn: 'id' },
  ],
  getId: ({ record }) => record.id,
  getTextLength: ({ textLength }) => textLength,
}

/** A session as one read of its row has found it. */
export class StoredSession {
  readonly record: SessionRecord
  /** Of the columns without a bound, in UTF-16 code units. */
  readonly textLength: number
  readonly #messageCount: number
  readonly #flags: ListedSessionFacts['flags']
  /** The record that a list was given last: most lists need the same one. */
  #listed: SessionRecord | null = null

  constructor(row: StoredSessionRow, profile: string) {
    const { title, source, model, instructions, usage, message_count, list_flags: flags } = row
    this.record = sessionFromRow(row, profile)
    this.textLength = [title, source, model, instructions, usage].reduce((sum, text) => sum + (text?.length ?? 0), 0)
    this.#messageCount = message_count
    this.#flags = flags === null ? null : { pinned: isPinned(flags), archived: isArchived(flags) }
  }

  /** The record as lists show it. `hasFlags`: with the flags of its conversation, which another read has to tell otherwise. */
  toListed({ hasFlags }: { readonly hasFlags: boolean }): SessionRecord {
    const flags = hasFlags ? this.#flags : null
    if (this.#listed?.listed?.flags === flags) return this.#listed
    this.#listed = { ...this.record, listed: { messageCount: this.#messageCount, flags } }
    markAsUnchanging(this.#listed)
    return this.#listed
  }
}
