import { sourcesOf } from '../channel.ts'
import type { MessageRecord, SessionRecord } from '../records.ts'
import { pageOfIds } from '../session-order.ts'
import type { PageRequest, SessionFilter, SessionKey, SessionSource } from '../session-source.ts'
import type { ProfileDatabase } from './database.ts'
import { type MessageRow, type SessionRow, toMessage, toSession } from './rows.ts'

/** The sessions and messages that are kept here. */
export class SqliteSessions implements SessionSource {
  readonly origin = 'SEGUE'
  readonly #database: ProfileDatabase
  readonly #profile: string

  constructor(database: ProfileDatabase, profile: string) {
    this.#database = database
    this.#profile = profile
  }

  async sessionsById(ids: readonly string[]): Promise<SessionRecord[]> {
    return this.#byId(ids)
  }

  async sessionPage(page: PageRequest<SessionKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    if (filter.ids) return pageOfIds(filter.ids, (ids) => this.#byId(ids), page, filter)
    const conditions: string[] = []
    const values: (string | number)[] = []
    const where = (condition: string, ...given: (string | number)[]): void => {
      conditions.push(condition)
      values.push(...given)
    }
    // Newest first: what comes after a key in the list is smaller than it.
    if (page.after) where('(last_activity_at, id) < (?, ?)', page.after.lastActivityAt, page.after.id)
    if (page.before) where('(last_activity_at, id) > (?, ?)', page.before.lastActivityAt, page.before.id)
    if (filter.archived !== undefined) where('archived = ?', filter.archived ? 1 : 0)
    if (filter.pinned !== undefined) where('pinned = ?', filter.pinned ? 1 : 0)
    if (filter.channels) {
      const { sources, others } = sourcesOf(filter.channels)
      where(`source ${others ? 'NOT IN' : 'IN'} (SELECT value FROM json_each(?))`, JSON.stringify(sources))
    }
    const direction = page.backwards ? 'ASC' : 'DESC'
    const rows = this.#database
      .prepare<(string | number)[], SessionRow>(
        `SELECT * FROM sessions ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
         ORDER BY last_activity_at ${direction}, id ${direction} LIMIT ?`,
      )
      .all(...values, page.limit)
      .map((row) => toSession(row, this.#profile))
    return page.backwards ? rows.reverse() : rows
  }

  async messageCounts(ids: readonly string[]): Promise<Map<string, number>> {
    const rows = this.#database
      .prepare<[string], { id: string; message_count: number }>(
        'SELECT id, message_count FROM sessions WHERE id IN (SELECT value FROM json_each(?))',
      )
      .all(JSON.stringify(ids))
    return new Map(rows.map((row) => [row.id, row.message_count]))
  }

  async messagePage(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    const direction = page.backwards ? 'DESC' : 'ASC'
    const rows = this.#database
      .prepare<[string, number, number, number], MessageRow>(
        `SELECT * FROM messages WHERE session_id = ? AND position > ? AND position < ?
         ORDER BY position ${direction} LIMIT ?`,
      )
      .all(sessionId, page.after ?? Number.MIN_SAFE_INTEGER, page.before ?? Number.MAX_SAFE_INTEGER, page.limit)
      .map(toMessage)
    return page.backwards ? rows.reverse() : rows
  }

  async message(id: string): Promise<MessageRecord | null> {
    const row = this.#database.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
    return row ? toMessage(row) : null
  }

  async contextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#database
      .prepare<
        [string],
        MessageRow
      >(`SELECT * FROM messages WHERE session_id = ? AND position IS NOT NULL AND withdrawn = 0
         ORDER BY position`)
      .all(sessionId)
      .map(toMessage)
  }

  #byId(ids: readonly string[]): SessionRecord[] {
    return this.#database
      .prepare<[string], SessionRow>('SELECT * FROM sessions WHERE id IN (SELECT value FROM json_each(?))')
      .all(JSON.stringify(ids))
      .map((row) => toSession(row, this.#profile))
  }
}
