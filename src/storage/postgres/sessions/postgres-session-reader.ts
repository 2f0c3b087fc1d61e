import type { PageRequest } from '../../../lib/pagination.ts'
import type { ConversationFlags, SessionFilter, SessionSortKey } from '../../../model/session-filter.ts'
import type { SessionRecord } from '../../../model/session.ts'
import { isArchived, isPinned } from '../../conversation-index/conversation-index-flags.ts'
import { limitPage } from '../../keyset-pagination.ts'
import { listSessionPage, type SessionPageSource } from '../../sessions/list-session-page.ts'
import { sessionFromRow, type SessionRowWithSettings } from '../../rows/session-row.ts'
import type {
  ConversationChange,
  ConversationCount,
  ConversationFilter,
  ConversationListEntry,
  ConversationPage,
  OffsetPagination,
} from '../../sessions/conversation-reader.ts'
import type { SegueSessionReader } from '../../sessions/session-reader.ts'
import type { PostgresConversationIndex } from '../conversation-index/postgres-conversation-index.ts'
import type { PostgresStatement } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { selectSessionsSql } from '../tables/session-table.ts'
import { ConversationIndexReader } from './conversation-index-reader.ts'
import { PostgresMessageReader } from './postgres-message-reader.ts'

const maxRowsPerPage = 1_001

const selectSessions: PostgresStatement = {
  name: 'select-sessions',
  text: `${selectSessionsSql} AND sessions.id = ANY($2::text[])`,
}

interface StoredSession {
  readonly record: SessionRecord
  readonly messageCount: number
}

/** The sessions, messages and conversations of a profile. */
export class PostgresSessionReader extends PostgresMessageReader implements SegueSessionReader {
  readonly origin = 'SEGUE'
  readonly #database: PostgresProfileDatabase
  readonly #index: PostgresConversationIndex
  readonly #indexReader: ConversationIndexReader

  constructor(database: PostgresProfileDatabase, index: PostgresConversationIndex) {
    super(database)
    this.#database = database
    this.#index = index
    this.#indexReader = new ConversationIndexReader(database, 'SEGUE')
  }

  onConversationsChanged(listener: (changed: readonly ConversationChange[] | null) => void): void {
    this.#index.onChanges('SEGUE', listener)
  }

  refresh(): Promise<void> {
    return this.#index.refresh()
  }

  async findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    const sessions = await this.#findStored(ids)
    return sessions.map(({ record }) => record)
  }

  async listConversationSessionIds(rootId: string, range: OffsetPagination): Promise<string[]> {
    return (await this.#openIndex()).listConversationSessionIds(rootId, range)
  }

  async countConversations(filter: ConversationFilter): Promise<ConversationCount[]> {
    return (await this.#openIndex()).countConversations(filter)
  }

  async findContinuations(sessionIds: readonly string[]): Promise<Map<string, string>> {
    return (await this.#openIndex()).findContinuations(sessionIds)
  }

  async listSessions(
    page: PageRequest<SessionSortKey>,
    filter: SessionFilter,
    flagsFromHermes: ReadonlyMap<string, ConversationFlags> = new Map(),
  ): Promise<SessionRecord[]> {
    return listSessionPage(await this.#openPageSource(), limitPage(page, maxRowsPerPage), filter, flagsFromHermes)
  }

  async listConversations(page: PageRequest<SessionSortKey>, filter: ConversationFilter): Promise<ConversationPage> {
    const index = await this.#openIndex()
    const conversations = await index.listConversations(limitPage(page, maxRowsPerPage), filter)
    const ids = new Set(conversations.flatMap(({ rootId, tipId }) => [rootId, tipId]))
    const sessions = await this.#findStored([...ids])
    return { conversations, sessions: sessions.map((session) => toListed(session, null)) }
  }

  async findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationListEntry>> {
    return (await this.#openIndex()).findConversationsBySession(sessionIds)
  }

  async #openPageSource(): Promise<SessionPageSource> {
    const index = await this.#openIndex()
    return {
      findSessions: (ids) => this.findSessions(ids),
      findFlags: (ids) => index.findConversationsBySession(ids),
      listKeys: (page, filter) => index.listSessionKeys(page, filter),
      listPage: (page, filter) => this.#listPage(index, page, filter),
    }
  }

  /** A page of the index, with everything that lists show of its sessions. */
  async #listPage(
    index: ConversationIndexReader,
    page: PageRequest<SessionSortKey>,
    filter: Omit<SessionFilter, 'ids'>,
  ): Promise<SessionRecord[]> {
    const keys = await index.listSessionKeys(page, filter)
    const stored = await this.#findStored(keys.map(({ id }) => id))
    const byId = new Map(stored.map((session) => [session.record.id, session]))
    return keys.flatMap(({ id, flags }) => {
      const session = byId.get(id)
      return session ? [toListed(session, { pinned: isPinned(flags), archived: isArchived(flags) })] : []
    })
  }

  async #findStored(ids: readonly string[]): Promise<StoredSession[]> {
    const rows = await this.#database.query<SessionRowWithSettings & { message_count: number }>(selectSessions, [ids])
    return rows.map((row) => ({
      record: sessionFromRow(row, this.#database.profile),
      messageCount: row.message_count,
    }))
  }

  /** The index, up to date if the database can be written now. */
  async #openIndex(): Promise<ConversationIndexReader> {
    await this.#index.prepareRead()
    return this.#indexReader
  }
}

function toListed(
  { record, messageCount }: StoredSession,
  flags: { readonly pinned: boolean; readonly archived: boolean } | null,
): SessionRecord {
  return { ...record, listed: { messageCount, flags } }
}
