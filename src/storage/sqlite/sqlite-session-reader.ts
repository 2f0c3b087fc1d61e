import { chunkArray } from '../../lib/chunk-array.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { ConversationIndexReader } from './conversation-index/conversation-index-reader.ts'
import { orderByIds, loadPageOfSessions } from '../keyset-pagination.ts'
import type {
  ConversationChange,
  ConversationSummary,
  ConversationFilter,
  ConversationPage,
  OffsetRange,
  SessionReader,
} from '../session-reader.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import type { SessionFilter, SessionKey } from '../../model/session-filter.ts'
import type { SqliteDatabase } from './database/sqlite-database.ts'
import { type MessageRow, type SessionRow, messageFromRow, sessionFromRow } from './rows/row-mappers.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'

const maxIdsPerStatement = 500 // ids a statement

/** The sessions and messages that are kept here. */
export class SqliteSessionReader implements SessionReader {
  readonly origin = 'SEGUE'
  readonly #database: SqliteDatabase
  readonly #profile: string
  readonly #conversationIndex: ConversationIndexReader

  constructor(database: SqliteDatabase, profile: string) {
    this.#database = database
    this.#profile = profile
    this.#conversationIndex = new ConversationIndexReader(database)
  }

  async findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return this.#loadSessions(ids)
  }

  async listSessions(page: PageRequest<SessionKey>, { ids, ...filter }: SessionFilter): Promise<SessionRecord[]> {
    if (ids) return loadPageOfSessions(ids, (batch) => this.#loadSessions(batch), page, filter)
    const pageIds = this.#refreshIndex()
      .listSessionKeys(page, filter)
      .map((key) => key.id)
    return orderByIds(pageIds, this.#loadSessions(pageIds), ({ id }) => id)
  }

  async listConversations(page: PageRequest<SessionKey>, filter: ConversationFilter): Promise<ConversationPage> {
    const entries = this.#refreshIndex().listConversations(page, filter)
    const ids = new Set(entries.flatMap(({ rootId, tipId }) => [rootId, tipId]))
    const [first = [], ...more] = chunkArray([...ids], maxIdsPerStatement)
    const sessions = this.#loadSessions(first)
    for (const batch of more) {
      // Of very many, for others to come in between.
      await yieldToEventLoop()
      sessions.push(...this.#loadSessions(batch))
    }
    return { conversations: entries, sessions }
  }

  async findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationSummary>> {
    return this.#refreshIndex().findConversationsBySession(sessionIds)
  }

  async listConversationSessionIds(rootId: string, range: OffsetRange): Promise<string[]> {
    return this.#refreshIndex().listConversationSessionIds(rootId, range)
  }

  onConversationsChanged(listener: (changed: readonly ConversationChange[]) => void): void {
    this.#database.onConversationsChanged(listener)
  }

  async refresh(): Promise<void> {
    this.#database.refreshConversationIndex()
  }

  async countMessages(ids: readonly string[]): Promise<Map<string, number>> {
    const rows = this.#database
      .prepare<[string], { id: string; message_count: number }>(
        'SELECT id, message_count FROM sessions WHERE id IN (SELECT value FROM json_each(?))',
      )
      .all(JSON.stringify(ids))
    return new Map(rows.map((row) => [row.id, row.message_count]))
  }

  async listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    const direction = page.backwards ? 'DESC' : 'ASC'
    const rows = this.#database
      .prepare<[string, number, number, number], MessageRow>(
        `SELECT * FROM messages WHERE session_id = ? AND position > ? AND position < ?
         ORDER BY position ${direction} LIMIT ?`,
      )
      .all(sessionId, page.after ?? Number.MIN_SAFE_INTEGER, page.before ?? Number.MAX_SAFE_INTEGER, page.limit)
      .map(messageFromRow)
    return page.backwards ? rows.reverse() : rows
  }

  async findMessage(id: string): Promise<MessageRecord | null> {
    const row = this.#database.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
    return row ? messageFromRow(row) : null
  }

  async findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    const read = this.#database.prepare<[string], MessageRow>(
      'SELECT * FROM messages WHERE id IN (SELECT value FROM json_each(?))',
    )
    return chunkArray([...new Set(ids)], maxIdsPerStatement)
      .flatMap((batch) => read.all(JSON.stringify(batch)))
      .map(messageFromRow)
  }

  async loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#database
      .prepare<
        [string],
        MessageRow
      >(`SELECT * FROM messages WHERE session_id = ? AND position IS NOT NULL AND withdrawn = 0
         ORDER BY position`)
      .all(sessionId)
      .map(messageFromRow)
  }

  #loadSessions(ids: readonly string[]): SessionRecord[] {
    const read = this.#database.prepare<[string], SessionRow>(
      'SELECT * FROM sessions WHERE id IN (SELECT value FROM json_each(?))',
    )
    return chunkArray([...new Set(ids)], maxIdsPerStatement)
      .flatMap((batch) => read.all(JSON.stringify(batch)))
      .map((row) => sessionFromRow(row, this.#profile))
  }

  #refreshIndex(): ConversationIndexReader {
    this.#database.refreshConversationIndex()
    return this.#conversationIndex
  }
}
