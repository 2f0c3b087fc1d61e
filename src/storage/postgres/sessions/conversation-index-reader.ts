import type { PageRequest } from '../../../lib/pagination.ts'
import type { SessionFilter, SessionSortKey } from '../../../model/session-filter.ts'
import type { Origin } from '../../../model/session.ts'
import { matchesConversationIndexFilter } from '../../conversation-index/conversation-index-flags.ts'
import { hasConversation } from '../conversation-index/conversation-sources.ts'
import {
  type ConversationCountByFlags,
  toConversationCounts,
  toListFilter,
} from '../../conversation-index/conversation-list-filter.ts'
import {
  type ListedConversationRow,
  mapBySession,
  type SessionRootRow,
  toConversationListEntry,
} from '../../conversation-index/listed-conversation-row.ts'
import { orderByIds } from '../../keyset-pagination.ts'
import type {
  ConversationCount,
  ConversationFilter,
  ConversationListEntry,
  OffsetPagination,
} from '../../sessions/conversation-reader.ts'
import type { PostgresStatement } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { conversationTable, type ListedKey, listIndexKeys, sessionTable } from './conversation-index-list.ts'

const maxSessionIdsPerPage = 1_000

const selectCounts: PostgresStatement = {
  name: 'select-conversation-counts',
  text: `SELECT flags, conversation_count AS count FROM conversation_counts
    WHERE profile = $1 AND conversation_count > 0`,
}

/** Each value that sessions have, with a search for each. */
const selectSessionFlags: PostgresStatement = {
  name: 'select-flags-of-sessions',
  text: `WITH RECURSIVE each (flags) AS (
      SELECT min(flags) FROM conversation_sessions WHERE profile = $1
      UNION ALL
      SELECT (SELECT min(flags) FROM conversation_sessions WHERE profile = $1 AND flags > each.flags) FROM each
      WHERE flags IS NOT NULL
    )
    SELECT flags FROM each WHERE flags IS NOT NULL`,
}

const selectConversations: PostgresStatement = {
  name: 'select-conversations',
  text: `SELECT conversations.*, settings.title, settings.title_version, settings.read_at FROM conversations
    LEFT JOIN conversation_settings AS settings ON settings.profile = $1 AND settings.session_id = root_id
    WHERE conversations.profile = $1 AND root_id = ANY($2::text[])`,
}

const selectRoots: PostgresStatement = {
  name: 'select-roots-of-sessions',
  text: 'SELECT id, root_id FROM conversation_sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectRoot: PostgresStatement = {
  name: 'select-root',
  text: 'SELECT id FROM conversation_sessions WHERE profile = $1 AND id = $2 AND root_id = id',
}

const selectOtherSessions: PostgresStatement = {
  name: 'select-other-sessions-of-conversation',
  text: `SELECT id FROM conversation_sessions WHERE profile = $1 AND root_id = $2 AND root_id <> id
    ORDER BY started_at, depth NULLS FIRST, id LIMIT $3 OFFSET $4`,
}

/** Whether a session is no retry, or has the place itself that it takes, see `walkAncestors`. */
const childHasPlace = `(child.takes_place_of IS NULL OR child.id = (
  SELECT oldest.id FROM conversation_sessions AS oldest
  WHERE oldest.profile = $1 AND oldest.takes_place_of = child.takes_place_of AND NOT EXISTS (
    SELECT 1 FROM conversation_sessions AS place WHERE place.profile = $1 AND place.id = child.takes_place_of)
  ORDER BY oldest.started_at, oldest.id LIMIT 1))`

/** A session that continues another one has the same root. If the other one cannot be continued, the roots differ. */
const selectContinuations: PostgresStatement = {
  name: 'select-continuations',
  text: `SELECT above.id, newest.id AS "continuationId"
    FROM conversation_sessions AS above CROSS JOIN LATERAL (
      SELECT candidate.id FROM conversation_sessions AS child
      JOIN conversation_sessions AS candidate ON candidate.profile = $1 AND
        (candidate.id = child.id OR candidate.takes_place_of IN (child.id, child.takes_place_of))
      WHERE child.profile = $1 AND child.continues = above.id AND child.root_id = above.root_id AND ${childHasPlace}
      ORDER BY candidate.message_at DESC NULLS LAST, candidate.started_at DESC, candidate.id DESC LIMIT 1
    ) AS newest
    WHERE above.profile = $1 AND above.id = ANY($2::text[])`,
}

/**
 * Reads what one of the two origins has in the conversation index of a profile. The cost of a page depends only on its size.
 */
export class ConversationIndexReader {
  readonly #database: PostgresProfileDatabase
  readonly #origin: Origin

  constructor(database: PostgresProfileDatabase, origin: Origin) {
    this.#database = database
    this.#origin = origin
  }

  /** Keys of sessions, newest activity first. */
  async listSessionKeys(page: PageRequest<SessionSortKey>, filter: Omit<SessionFilter, 'ids'>): Promise<ListedKey[]> {
    const sessionFilter = { ...filter, hermesSession: this.#origin === 'HERMES' }
    const values = await this.#database.query<{ flags: number }>(selectSessionFlags)
    const matching = values
      .map(({ flags }) => flags)
      .filter((flags) => matchesConversationIndexFilter(flags, sessionFilter))
    return listIndexKeys(this.#database, sessionTable, page, matching)
  }

  /** Conversations with messages, newest message first. The id of a key is the root's. */
  async listConversations(
    page: PageRequest<SessionSortKey>,
    filter: ConversationFilter,
  ): Promise<ConversationListEntry[]> {
    const listFilter = toListFilter(filter)
    const values = (await this.#countByFlags()).map(({ flags }) => flags)
    const matching = values.filter((flags) => matchesConversationIndexFilter(flags, listFilter))
    const keys = await listIndexKeys(this.#database, conversationTable, page, matching)
    return this.#findConversations(keys.map(({ id }) => id))
  }

  /** How many conversations `listConversations` lists, in groups. Reads one row for each value of `flags`. */
  async countConversations(filter: ConversationFilter): Promise<ConversationCount[]> {
    return toConversationCounts(await this.#countByFlags(), filter)
  }

  /** The conversation of each session, with or without messages. */
  async findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationListEntry>> {
    const positions = await this.#database.query<SessionRootRow>(selectRoots, [sessionIds])
    const found = await this.#findConversations([...new Set(positions.map(({ root_id }) => root_id))])
    return mapBySession(positions, found)
  }

  /** By session, the newest of the sessions that continue it and of the retries in their places. */
  async findContinuations(sessionIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.#database.query<{ id: string; continuationId: string }>(selectContinuations, [sessionIds])
    return new Map(rows.map(({ id, continuationId }) => [id, continuationId]))
  }

  /** Ids of a conversation's sessions: the root, then the others by start. At most 1,000. */
  async listConversationSessionIds(rootId: string, { offset, ...range }: OffsetPagination): Promise<string[]> {
    const limit = Math.min(range.limit, maxSessionIdsPerPage)
    // Where a chain is cut off, the root belongs to another conversation.
    const root = await this.#database.query<{ id: string }>(selectRoot, [rootId])
    const roots = root.slice(offset, offset + limit)
    const bounds = [limit - roots.length, Math.max(0, offset - root.length)]
    const others = await this.#database.query<{ id: string }>(selectOtherSessions, [rootId, ...bounds])
    return [...roots, ...others].map(({ id }) => id)
  }

  /** In the order of the ids. Those that do not exist are left out. */
  async #findConversations(rootIds: readonly string[]): Promise<ConversationListEntry[]> {
    const rows = await this.#database.query<ListedConversationRow>(selectConversations, [rootIds])
    const entries = rows.filter(({ flags }) => hasConversation(this.#origin, flags)).map(toConversationListEntry)
    return orderByIds(rootIds, entries, ({ rootId }) => rootId)
  }

  async #countByFlags(): Promise<ConversationCountByFlags[]> {
    const counts = await this.#database.query<ConversationCountByFlags>(selectCounts)
    return counts.filter(({ flags }) => hasConversation(this.#origin, flags))
  }
}
