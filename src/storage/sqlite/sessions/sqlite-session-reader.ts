import { chunkArray } from '../../../lib/chunk-array.ts'
import type { PageRequest } from '../../../lib/pagination.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { ConversationFlags, SessionFilter, SessionSortKey } from '../../../model/session-filter.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type {
  ConversationChange,
  ConversationCount,
  ConversationFilter,
  ConversationListEntry,
  ConversationPage,
  OffsetPagination,
} from '../../sessions/conversation-reader.ts'
import { StorageError } from '../../errors.ts'
import { limitPage } from '../../keyset-pagination.ts'
import { listSessionPage, type SessionPageSource } from '../../sessions/list-session-page.ts'
import type { SegueSessionReader } from '../../sessions/session-reader.ts'
import { ConversationIndexReader } from '../conversation-index/reading/conversation-index-reader.ts'
import type { SegueProfileDatabase } from '../segue-profile-database.ts'
import { lookUpInBatches } from '../look-up-in-batches.ts'
import { isShownSql, type MessageOutline, readMessagesInSteps, selectOutlinesSql } from './read-messages-in-steps.ts'
import { messageFromRow, type MessageRow } from '../../rows/message-row.ts'
import { selectStoredSessionsSql, StoredSession, type StoredSessionRow } from './stored-session.ts'

const maxRowsPerPage = 1_001
const maxSessionIdsPerPage = 1_000
const maxIdsPerStatement = 500

/** The sessions, messages and conversations in a profile's database. */
export class SqliteSessionReader implements SegueSessionReader {
  readonly origin = 'SEGUE'
  readonly #database: SegueProfileDatabase
  readonly #conversationIndex: ConversationIndexReader

  constructor(database: SegueProfileDatabase) {
    this.#database = database
    this.#conversationIndex = new ConversationIndexReader(database, {
      containsOtherOrigin: false,
      cache: database.listCaches.conversations,
    })
  }

  findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return lookUpInBatches(ids, (batch) => this.#findStored(batch).flatMap((session) => session?.record ?? []))
  }

  async listSessions(
    page: PageRequest<SessionSortKey>,
    filter: SessionFilter,
    flagsFromHermes: ReadonlyMap<string, ConversationFlags> = new Map(),
  ): Promise<SessionRecord[]> {
    const index = await this.#openIndex()
    const source: SessionPageSource = {
      findSessions: (ids) => this.findSessions(ids),
      findFlags: async (ids) => index.findConversationsBySession(ids),
      listKeys: async (...request) => index.listSessionKeys(...request),
      listPage: async (...request) => this.#listPage(index, ...request),
    }
    return listSessionPage(source, limitPage(page, maxRowsPerPage), filter, flagsFromHermes)
  }

  async listConversations(page: PageRequest<SessionSortKey>, filter: ConversationFilter): Promise<ConversationPage> {
    const index = await this.#openIndex()
    const conversations = index.listConversations(limitPage(page, maxRowsPerPage), filter)
    const ids = conversations.flatMap(({ rootId, tipId }) => [rootId, tipId])
    const sessions = await lookUpInBatches(ids, (batch) => this.#findStored(batch))
    return { conversations, sessions: sessions.flatMap((session) => session?.toListed({ hasFlags: false }) ?? []) }
  }

  async countConversations(filter: ConversationFilter): Promise<ConversationCount[]> {
    return (await this.#openIndex()).countConversations(filter)
  }

  async findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationListEntry>> {
    const index = await this.#openIndex()
    return new Map(await lookUpInBatches(sessionIds, (batch) => [...index.findConversationsBySession(batch)]))
  }

  async findContinuations(sessionIds: readonly string[]): Promise<Map<string, string>> {
    const index = await this.#openIndex()
    return new Map(await lookUpInBatches(sessionIds, (batch) => [...index.findContinuations(batch)]))
  }

  async listConversationSessionIds(rootId: string, { offset, limit }: OffsetPagination): Promise<string[]> {
    const index = await this.#openIndex()
    return index.listConversationSessionIds(rootId, { offset, limit: Math.min(limit, maxSessionIdsPerPage) })
  }

  onConversationsChanged(listener: (changed: readonly ConversationChange[]) => void): void {
    this.#database.onConversationsChanged(listener)
  }

  refresh(): Promise<void> {
    return this.#database.refreshConversationIndex()
  }

  async countMessages(sessionIds: readonly string[]): Promise<Map<string, number>> {
    const read = this.#database.prepare<[string], { id: string; message_count: number }>(
      'SELECT id, message_count FROM sessions WHERE id IN (SELECT value FROM json_each(?))',
    )
    const rows = await lookUpInBatches(sessionIds, (batch) => read.all(JSON.stringify(batch)))
    return new Map(rows.map((row) => [row.id, row.message_count]))
  }

  async listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    const direction = page.backwards ? 'DESC' : 'ASC'
    const outlines = this.#database
      .prepare<[string, number, number, number], MessageOutline>(
        `${selectOutlinesSql} WHERE session_id = ? AND position > ? AND position < ? AND ${isShownSql}
         ORDER BY position ${direction} LIMIT ?`,
      )
      .all(
        sessionId,
        page.after ?? Number.MIN_SAFE_INTEGER,
        page.before ?? Number.MAX_SAFE_INTEGER,
        limitPage(page, maxRowsPerPage).limit,
      )
    return readMessagesInSteps(this.#database, page.backwards ? outlines.reverse() : outlines)
  }

  async findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    const find = this.#database.prepare<[string], MessageOutline>(
      `${selectOutlinesSql} WHERE id IN (SELECT value FROM json_each(?))`,
    )
    const outlines = await lookUpInBatches(ids, (batch) => find.all(JSON.stringify(batch)))
    return readMessagesInSteps(this.#database, outlines)
  }

  async findMessage(id: string): Promise<MessageRecord | null> {
    const row = this.#database
      .prepare<[string], MessageRow>(`SELECT * FROM messages WHERE id = ? AND ${isShownSql}`)
      .get(id)
    return row ? messageFromRow(row, this.#database.profile) : null
  }

  async loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    const outlines = this.#database
      .prepare<[string], MessageOutline>(
        `${selectOutlinesSql} WHERE session_id = ? AND position IS NOT NULL AND withdrawn = 0 AND ${isShownSql}
         ORDER BY position`,
      )
      .all(sessionId)
    return readMessagesInSteps(this.#database, outlines)
  }

  /** A page of the index, with everything that lists show of its sessions. */
  #listPage(
    index: ConversationIndexReader,
    page: PageRequest<SessionSortKey>,
    filter: Omit<SessionFilter, 'ids'>,
  ): SessionRecord[] {
    const sessions = this.#findStored(index.listSessionIds(page, filter))
    // What a person has set for a conversation of both origins is in the index of Hermes.
    const hasFlags = !index.hasCrossOriginConversations()
    return sessions.flatMap((session) => session?.toListed({ hasFlags }) ?? [])
  }

  /** The sessions with these ids, in their order; undefined where there is none. */
  #findStored(ids: readonly string[]): (StoredSession | undefined)[] {
    return this.#database.listCaches.sessions.find(ids, (missing) => {
      const read = this.#database.prepare<[string], StoredSessionRow>(
        `${selectStoredSessionsSql} WHERE sessions.id IN (SELECT value FROM json_each(?))`,
      )
      const rows = chunkArray(missing, maxIdsPerStatement).flatMap((batch) => read.all(JSON.stringify(batch)))
      return rows.map((row) => new StoredSession(row, this.#database.profile))
    })
  }

  /** The index, up to date unless the database cannot be written now: a read does not fail because of that. */
  async #openIndex(): Promise<ConversationIndexReader> {
    try {
      await this.#database.refreshConversationIndex()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
    }
    return this.#conversationIndex
  }
}
