import { chunkArray } from '../../../lib/chunk-array.ts'
import { takePage, orderByIds, compareByActivity } from '../../keyset-pagination.ts'
import type { PageRequest } from '../../../lib/pagination.ts'
import type { SessionFilter, SessionKey } from '../../../model/session-filter.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { type ListFlags, type ListFlagsFilter, matchesFlags, isCrossOrigin, isEmpty } from './list-flags.ts'
import type { ConversationSummaryRow } from './conversation-index-tables.ts'
import type { ConversationSummary, ConversationFilter, OffsetRange } from '../../conversation-reader.ts'

/** A table that is listed, and how its columns are called. */
interface ListedTable {
  readonly table: string
  readonly idColumn: string
  readonly timeColumn: string
}

const sessionTable: ListedTable = { table: 'conversation_sessions', idColumn: 'id', timeColumn: 'activity_at' }
const conversationTable: ListedTable = { table: 'conversations', idColumn: 'root_id', timeColumn: 'last_activity_at' }

const maxIdsPerStatement = 500 // ids a statement

/** Reads the lists that `segment-tables.ts` keeps in order. What a page costs goes with its size alone. */
export class ConversationIndexReader {
  readonly #db: SqlConnection

  constructor(db: SqlConnection) {
    this.#db = db
  }

  /** Keys of the sessions that this index is made of, newest activity first. */
  listSessionKeys(page: PageRequest<SessionKey>, filter: Omit<SessionFilter, 'ids'>): SessionKey[] {
    return this.#listKeys(sessionTable, page, { ...filter, crossOrigin: false })
  }

  /** Conversations that have a message, newest message first; the ids of their keys are their roots'. */
  listConversations(page: PageRequest<SessionKey>, filter: ConversationFilter): ConversationSummary[] {
    // What works for itself is shown to those who ask for its channel.
    const internal = filter.channels ? {} : { internal: false }
    const ids = this.#listKeys(conversationTable, page, { ...filter, ...internal, empty: false }).map(({ id }) => id)
    return orderByIds(ids, this.#findConversations(ids), ({ rootId }) => rootId)
  }

  /** The conversation of each of these sessions, one without a message too. */
  findConversationsBySession(sessionIds: readonly string[]): Map<string, ConversationSummary> {
    const read = this.#db.prepare<[string], { id: string; root_id: string }>(
      'SELECT id, root_id FROM conversation_sessions WHERE id IN (SELECT value FROM json_each(?))',
    )
    const positions = chunkArray(sessionIds, maxIdsPerStatement).flatMap((batch) => read.all(JSON.stringify(batch)))
    const found = this.#findConversations([...new Set(positions.map(({ root_id }) => root_id))])
    const byRoot = new Map(found.map((entry) => [entry.rootId, entry]))
    return new Map(
      positions.flatMap(({ id, root_id }): [string, ConversationSummary][] => {
        const entry = byRoot.get(root_id)
        return entry ? [[id, entry]] : []
      }),
    )
  }

  /** Ids of a conversation's sessions: its root, then the others by their start. */
  listConversationSessionIds(rootId: string, { offset, limit }: OffsetRange): string[] {
    // Where a chain was cut off its root is a part of another conversation.
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

  /** By their roots, in no order. */
  #findConversations(rootIds: readonly string[]): ConversationSummary[] {
    const read = this.#db.prepare<[string], ConversationSummaryRow>(
      'SELECT * FROM conversations WHERE root_id IN (SELECT value FROM json_each(?))',
    )
    return chunkArray(rootIds, maxIdsPerStatement)
      .flatMap((batch) => read.all(JSON.stringify(batch)))
      .map(toConversationSummary)
  }

  /** One list for each flags that passes is in order already: of each as many as the page takes are enough. */
  #listKeys(list: ListedTable, page: PageRequest<SessionKey>, filter: ListFlagsFilter): SessionKey[] {
    const lists = this.#listFlagValues(list)
      .filter((flags) => matchesFlags(flags, filter))
      .map((flags) => this.#listKeysWithFlags(list, flags, page))
    return lists.length === 1 ? lists.flat() : takePage(lists.flat().sort(compareByActivity), page)
  }

  #listFlagValues({ table }: ListedTable): ListFlags[] {
    const next = this.#db.prepare<[number], { flags: number | null }>(
      `SELECT min(flags) AS flags FROM ${table} WHERE flags > ?`,
    )
    const flagValues: ListFlags[] = []
    for (let flags = next.get(-1)?.flags; typeof flags === 'number'; flags = next.get(flags)?.flags)
      flagValues.push(flags)
    return flagValues
  }

  #listKeysWithFlags(
    { table, idColumn, timeColumn }: ListedTable,
    flags: ListFlags,
    page: PageRequest<SessionKey>,
  ): SessionKey[] {
    const { after, before, limit, backwards } = page
    // Newest first: what comes after a key in the list is smaller than it.
    const bounds = `${after ? `AND (${timeColumn}, ${idColumn}) < (?, ?)` : ''} ${before ? `AND (${timeColumn}, ${idColumn}) > (?, ?)` : ''}`
    const direction = backwards ? 'ASC' : 'DESC'
    const keys = this.#db
      .prepare<(string | number)[], SessionKey>(
        `SELECT ${idColumn} AS id, ${timeColumn} AS lastActivityAt FROM ${table} WHERE flags = ? ${bounds}
         ORDER BY ${timeColumn} ${direction}, ${idColumn} ${direction} LIMIT ?`,
      )
      .all(flags, ...[after, before].flatMap((key) => (key ? [key.lastActivityAt, key.id] : [])), limit)
    return backwards ? keys.reverse() : keys
  }
}

function toConversationSummary(row: ConversationSummaryRow): ConversationSummary {
  return {
    rootId: row.root_id,
    tipId: row.tip_id,
    segmentCount: row.segment_count,
    lastActivityAt: row.last_activity_at,
    isEmpty: isEmpty(row.flags),
    isCrossOrigin: isCrossOrigin(row.flags),
  }
}
