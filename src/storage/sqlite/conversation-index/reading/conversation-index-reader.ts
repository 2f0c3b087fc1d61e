import { chunkArray } from '../../../../lib/chunk-array.ts'
import type { PageRequest } from '../../../../lib/pagination.ts'
import type { ConversationFlags, SessionFilter, SessionSortKey } from '../../../../model/session-filter.ts'
import type { Attention } from '../../../../model/conversation/attention.ts'
import type { SqlConnection } from '../../database/statement-cache.ts'
import {
  conversationFlagsMask,
  type ConversationIndexFlagsFilter,
  getAttention,
  isArchived,
  isCrossOriginConversation,
  isPinned,
  isSegueSession,
} from '../../../conversation-index/conversation-index-flags.ts'
import { orderByIds } from '../../../keyset-pagination.ts'
import type { RowCache } from '../../row-cache/row-cache.ts'
import {
  type ConversationCountByFlags,
  toConversationCounts,
  toListFilter,
} from '../../../conversation-index/conversation-list-filter.ts'
import { ConversationIndexList, conversationTable, type ListedKey, sessionTable } from './conversation-index-list.ts'
import {
  type ListedConversationRow,
  mapBySession,
  type SessionRootRow,
  toConversationListEntry,
} from '../../../conversation-index/listed-conversation-row.ts'
import { selectListedConversationsSql } from './listed-conversation-row.ts'
import type {
  ConversationCount,
  ConversationListEntry,
  ConversationFilter,
  GivenConversationTitle,
  OffsetPagination,
} from '../../../sessions/conversation-reader.ts'

const maxIdsPerStatement = 500

export interface ConversationIndexReaderOptions {
  /** Whether the index contains sessions that another source stores. */
  readonly containsOtherOrigin: boolean
  readonly cache: RowCache<ConversationListEntry> | null
}

/** Reads the index of conversations. The cost of a page depends only on its size. */
export class ConversationIndexReader {
  readonly #db: SqlConnection
  readonly #sessions: ConversationIndexList
  readonly #conversations: ConversationIndexList
  readonly #ownSessions: ConversationIndexFlagsFilter
  readonly #cache: RowCache<ConversationListEntry> | null

  constructor(db: SqlConnection, { containsOtherOrigin, cache }: ConversationIndexReaderOptions) {
    this.#db = db
    this.#sessions = new ConversationIndexList(db, sessionTable)
    this.#conversations = new ConversationIndexList(db, conversationTable)
    this.#cache = cache
    this.#ownSessions = containsOtherOrigin ? { segueSession: false } : {}
  }

  /** Keys of the source's own sessions, newest activity first. */
  listSessionKeys(page: PageRequest<SessionSortKey>, filter: Omit<SessionFilter, 'ids'>): ListedKey[] {
    return this.#sessions.listKeys(page, { ...filter, ...this.#ownSessions })
  }

  /** The ids of these keys. */
  listSessionIds(page: PageRequest<SessionSortKey>, filter: Omit<SessionFilter, 'ids'>): string[] {
    return this.#sessions.listIds(page, { ...filter, ...this.#ownSessions })
  }

  /** Conversations with messages, newest message first. The id of a key is the root's. */
  listConversations(page: PageRequest<SessionSortKey>, filter: ConversationFilter): ConversationListEntry[] {
    return this.#findConversations(this.#conversations.listIds(page, toListFilter(filter)))
  }

  /** How many conversations `listConversations` lists, in groups. Reads one row for each value of `flags`. */
  countConversations(filter: ConversationFilter): ConversationCount[] {
    return toConversationCounts(this.#countByFlags(), filter)
  }

  /** The conversation of each session, with or without messages. */
  findConversationsBySession(sessionIds: readonly string[]): Map<string, ConversationListEntry> {
    const read = this.#db.prepare<[string], SessionRootRow>(
      'SELECT id, root_id FROM conversation_sessions WHERE id IN (SELECT value FROM json_each(?))',
    )
    const positions = chunkArray(sessionIds, maxIdsPerStatement).flatMap((batch) => read.all(JSON.stringify(batch)))
    const found = this.#findConversations([...new Set(positions.map(({ root_id }) => root_id))])
    return mapBySession(positions, found)
  }

  /** By session, the newest of the sessions that continue it and of the retries in their places. */
  findContinuations(sessionIds: readonly string[]): Map<string, string> {
    // A session that continues another one has the same root. If the other one cannot be continued, the roots differ.
    const read = this.#db.prepare<[string], { id: string; continuationId: string | null }>(
      `SELECT above.id, (
         SELECT id FROM (
           SELECT child.id, child.message_at, child.started_at FROM conversation_sessions AS child
           WHERE child.continues = above.id AND child.root_id = above.root_id AND ${hasPlaceSql('child')}
           UNION ALL
           SELECT retry.id, retry.message_at, retry.started_at FROM conversation_sessions AS child
           CROSS JOIN conversation_sessions AS retry ON retry.takes_place_of IN (child.id, child.takes_place_of)
           WHERE child.continues = above.id AND child.root_id = above.root_id AND ${hasPlaceSql('child')}
         ) ORDER BY message_at DESC, started_at DESC, id DESC LIMIT 1
       ) AS continuationId
       FROM json_each(?) CROSS JOIN conversation_sessions AS above ON above.id = json_each.value`,
    )
    const rows = chunkArray(sessionIds, maxIdsPerStatement).flatMap((batch) => read.all(JSON.stringify(batch)))
    return new Map(
      rows.flatMap(({ id, continuationId }): [string, string][] => (continuationId ? [[id, continuationId]] : [])),
    )
  }

  /** Ids of a conversation's sessions: the root, then the others by start. */
  listConversationSessionIds(rootId: string, { offset, limit }: OffsetPagination): string[] {
    // Where a chain is cut off, the root belongs to another conversation.
    const root = this.#db
      .prepare<[string], { id: string }>('SELECT id FROM conversation_sessions WHERE id = ? AND root_id = id')
      .all(rootId)
    const roots = root.slice(offset)
    const others = this.#db
      .prepare<[string, number, number], { id: string }>(
        `SELECT id FROM conversation_sessions WHERE root_id = ? AND root_id <> id ORDER BY started_at, depth, id LIMIT ? OFFSET ?`,
      )
      .all(rootId, limit - roots.length, Math.max(0, offset - root.length))
    return [...roots, ...others].map(({ id }) => id)
  }

  /** The titles that persons gave to conversations whose tip the source itself stores, with that tip. */
  listGivenTitles(): GivenConversationTitle[] {
    return this.#db
      .prepare<[], { tip_id: string; title: string; flags: number }>(
        `SELECT conversations.tip_id, settings.title, conversations.flags FROM conversation_settings AS settings
         JOIN conversations ON conversations.root_id = settings.session_id WHERE settings.title IS NOT NULL`,
      )
      .all()
      .filter(({ flags }) => !isCrossOriginConversation(flags))
      .map(({ tip_id, title }) => ({ tipId: tip_id, title }))
  }

  /**
   * In Hermes' index: the flags of Segue's sessions of which at least one is set in Hermes only, or that want attention.
   * Reads those with flags.
   */
  listFlagsOfSegueSessions(): Map<string, ConversationFlags> {
    const flagged = this.#sessions
      .listFlagValues()
      .filter((flags) => isSegueSession(flags) && (flags & conversationFlagsMask) !== 0)
    const rows = this.#db
      .prepare<[string], { id: string; flags: number; pinned_version: number; archived_version: number }>(
        `SELECT sessions.id, sessions.flags, coalesce(settings.pinned_version, 0) AS pinned_version,
           coalesce(settings.archived_version, 0) AS archived_version
         FROM json_each(?) CROSS JOIN conversation_sessions AS sessions ON sessions.flags = json_each.value
         LEFT JOIN conversation_settings AS settings ON settings.session_id = sessions.root_id`,
      )
      .all(JSON.stringify(flagged))
    return new Map(
      rows.flatMap(({ id, flags, pinned_version, archived_version }): [string, ConversationFlags][] => {
        const [pinned, archived] = [isPinned(flags), isArchived(flags)]
        const isSetByHermes = (pinned && pinned_version === 0) || (archived && archived_version === 0)
        const attention = getAttention(flags)
        return isSetByHermes || attention !== 'IDLE' ? [[id, { pinned, archived, attention }]] : []
      }),
    )
  }

  /** What the conversations of the source's own sessions want of a person, by session id, apart from those that are IDLE. */
  listAttentions(): Map<string, Attention> {
    const flagValues = this.#sessions
      .listFlagValues()
      .filter((flags) => !isSegueSession(flags) && getAttention(flags) !== 'IDLE')
    const rows = this.#db
      .prepare<[string], { id: string; flags: number }>(
        `SELECT sessions.id, sessions.flags FROM json_each(?)
         CROSS JOIN conversation_sessions AS sessions ON sessions.flags = json_each.value`,
      )
      .all(JSON.stringify(flagValues))
    return new Map(rows.map(({ id, flags }) => [id, getAttention(flags)]))
  }

  /** In the order of the ids. Those that do not exist are left out. */
  #findConversations(rootIds: readonly string[]): ConversationListEntry[] {
    const read = (ids: readonly string[]): ConversationListEntry[] => {
      const statement = this.#db.prepare<[string], ListedConversationRow>(
        `${selectListedConversationsSql} WHERE root_id IN (SELECT value FROM json_each(?))`,
      )
      const batches = chunkArray(ids, maxIdsPerStatement).map((batch) => statement.all(JSON.stringify(batch)))
      return batches.flat().map(toConversationListEntry)
    }
    if (!this.#cache) return orderByIds(rootIds, read(rootIds), ({ rootId }) => rootId)
    return this.#cache.find(rootIds, read).filter((entry) => entry !== undefined)
  }

  /** Whether a conversation may be stored by both sources. */
  hasCrossOriginConversations(): boolean {
    return this.#countByFlags().some(({ flags }) => isCrossOriginConversation(flags))
  }

  /** One row for each value of `flags` that conversations have. The condition makes it a search, not a scan. */
  #countByFlags(): ConversationCountByFlags[] {
    return this.#db
      .prepare<[], ConversationCountByFlags>(
        'SELECT flags, conversation_count AS count FROM conversation_counts WHERE flags >= 0 AND conversation_count > 0',
      )
      .all()
  }
}

/** Whether a session is no retry, or has the place itself that it takes, see `walkAncestors`. */
function hasPlaceSql(session: string): string {
  return `(${session}.takes_place_of IS NULL OR ${session}.id = (
    SELECT oldest.id FROM conversation_sessions AS oldest WHERE oldest.takes_place_of = ${session}.takes_place_of
      AND NOT EXISTS (SELECT 1 FROM conversation_sessions AS place WHERE place.id = ${session}.takes_place_of)
    ORDER BY oldest.started_at, oldest.id LIMIT 1
  ))`
}
