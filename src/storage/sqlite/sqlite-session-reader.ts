import { setImmediate } from 'node:timers/promises'
import { chunksOf } from '../../lib/chunk.ts'
import type { MessageRecord, SessionRecord } from '../../model/records.ts'
import { SegmentLists } from './conversation-index/conversation-index-reader.ts'
import { inOrder, pageOfIds } from '../keyset-pagination.ts'
import type {
  ChangedConversation,
  ConversationEntry,
  ConversationFilter,
  ConversationPage,
  PageRequest,
  SegmentRange,
  SessionFilter,
  SessionKey,
  SessionSource,
} from '../session-reader.ts'
import type { ProfileDatabase } from './database/sqlite-database.ts'
import { type MessageRow, type SessionRow, toMessage, toSession } from './rows/row-mappers.ts'

const chunk = 500 // ids a statement

/** The sessions and messages that are kept here. */
export class SqliteSessions implements SessionSource {
  readonly origin = 'SEGUE'
  readonly #database: ProfileDatabase
  readonly #profile: string
  readonly #segments: SegmentLists

  constructor(database: ProfileDatabase, profile: string) {
    this.#database = database
    this.#profile = profile
    this.#segments = new SegmentLists(database)
  }

  async sessionsById(ids: readonly string[]): Promise<SessionRecord[]> {
    return this.#byId(ids)
  }

  async sessionPage(page: PageRequest<SessionKey>, { ids, ...filter }: SessionFilter): Promise<SessionRecord[]> {
    if (ids) return pageOfIds(ids, (some) => this.#byId(some), page, filter)
    const listed = this.#lists()
      .sessionKeys(page, filter)
      .map((key) => key.id)
    return inOrder(listed, this.#byId(listed), ({ id }) => id)
  }

  async conversationPage(page: PageRequest<SessionKey>, filter: ConversationFilter): Promise<ConversationPage> {
    const entries = this.#lists().conversationPage(page, filter)
    const ids = new Set(entries.flatMap(({ rootId, tipId }) => [rootId, tipId]))
    const [first = [], ...more] = chunksOf([...ids], chunk)
    const sessions = this.#byId(first)
    for (const some of more) {
      // Of very many, for others to come in between.
      await setImmediate()
      sessions.push(...this.#byId(some))
    }
    return { entries, sessions }
  }

  async conversationsOf(sessionIds: readonly string[]): Promise<Map<string, ConversationEntry>> {
    return this.#lists().conversationsOf(sessionIds)
  }

  async segmentIds(rootId: string, range: SegmentRange): Promise<string[]> {
    return this.#lists().segmentIds(rootId, range)
  }

  onChanged(listener: (changed: readonly ChangedConversation[]) => void): void {
    this.#database.onChanged(listener)
  }

  async catchUp(): Promise<void> {
    this.#database.catchUp()
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
    const read = this.#database.prepare<[string], SessionRow>(
      'SELECT * FROM sessions WHERE id IN (SELECT value FROM json_each(?))',
    )
    return chunksOf([...new Set(ids)], chunk)
      .flatMap((some) => read.all(JSON.stringify(some)))
      .map((row) => toSession(row, this.#profile))
  }

  #lists(): SegmentLists {
    this.#database.catchUp()
    return this.#segments
  }
}
