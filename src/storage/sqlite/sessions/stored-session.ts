import type { ListedSessionFacts, SessionRecord } from '../../../model/session.ts'
import { type SessionRowWithSettings, sessionFromRow } from '../rows/session-row.ts'

/** A row of `selectSessionsSql`, which has the column as well. */
export interface StoredSessionRow extends SessionRowWithSettings {
  readonly message_count: number
}

/** A session as one read of its row has found it. */
export class StoredSession {
  readonly record: SessionRecord
  /** Of the columns without a bound, in UTF-16 code units. */
  readonly textLength: number
  readonly #messageCount: number
  /** The record that a list was given last: most lists need the same one. */
  #listed: SessionRecord | null = null

  constructor(row: StoredSessionRow, profile: string) {
    const { title, source, model, instructions, usage, message_count } = row
    this.record = sessionFromRow(row, profile)
    this.textLength = [title, source, model, instructions, usage].reduce((sum, text) => sum + (text?.length ?? 0), 0)
    this.#messageCount = message_count
  }

  /** The record as lists show it. `flags`: those of its conversation; null if another read has to tell. */
  toListed(flags: ListedSessionFacts['flags']): SessionRecord {
    const known = this.#listed?.listed?.flags
    if (this.#listed && known?.pinned === flags?.pinned && known?.archived === flags?.archived) return this.#listed
    this.#listed = { ...this.record, listed: { messageCount: this.#messageCount, flags } }
    return this.#listed
  }
}
