import type { ListedSessionFacts, SessionRecord } from '../../../model/session.ts'
import { type ConversationIndexFlags, isArchived, isPinned } from '../../conversation-index/conversation-index-flags.ts'
import type { RowCacheOptions } from '../row-cache/row-cache.ts'
import { sessionFromRow, type SessionRowWithSettings } from '../../rows/session-row.ts'

/** A row of `selectSessionsSql`, which has the column as well. */
export interface StoredSessionRow extends SessionRowWithSettings {
  readonly message_count: number
}

export const storedSessionCache: RowCacheOptions<StoredSession> = {
  name: 'session_written',
  tables: [
    { table: 'sessions', idColumn: 'id' },
    { table: 'conversation_settings', idColumn: 'session_id' },
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
  /** The record that a list was given last, and its flags: most lists need the same one. */
  #listed: SessionRecord | null = null
  #listedFlags: ConversationIndexFlags | null = null

  constructor(row: StoredSessionRow, profile: string) {
    const { title, source, model, instructions, usage, message_count } = row
    this.record = sessionFromRow(row, profile)
    this.textLength = [title, source, model, instructions, usage].reduce((sum, text) => sum + (text?.length ?? 0), 0)
    this.#messageCount = message_count
  }

  /** The record as lists show it. `flags`: those of its conversation; null if another read has to tell. */
  toListed(flags: ConversationIndexFlags | null): SessionRecord {
    if (this.#listed && this.#listedFlags === flags) return this.#listed
    const listed: ListedSessionFacts = {
      messageCount: this.#messageCount,
      flags: flags === null ? null : { pinned: isPinned(flags), archived: isArchived(flags) },
    }
    this.#listedFlags = flags
    this.#listed = { ...this.record, listed }
    return this.#listed
  }
}
