import { chunksOf } from '../../../lib/chunk.ts'
import { cut, inOrder, newestFirst } from '../../keyset-pagination.ts'
import type {
  ConversationEntry,
  ConversationFilter,
  PageRequest,
  SegmentRange,
  SessionFilter,
  SessionKey,
} from '../../session-reader.ts'
import type { Prepares } from '../database/statement-cache.ts'
import { type Facet, type FacetFilter, facetPasses, isElsewhere, isEmpty } from './list-flags.ts'
import type { ConversationRow } from './conversation-index-tables.ts'

/** A table that is listed, and how its columns are called. */
interface Listed {
  readonly table: string
  readonly id: string
  readonly at: string
}

const sessions: Listed = { table: 'segments', id: 'id', at: 'activity_at' }
const conversations: Listed = { table: 'conversations', id: 'root_id', at: 'last_activity_at' }

const chunk = 500 // ids a statement

/** Reads the lists that `segment-tables.ts` keeps in order. What a page costs goes with its size alone. */
export class SegmentLists {
  readonly #db: Prepares

  constructor(db: Prepares) {
    this.#db = db
  }

  /** Keys of the sessions that this index is made of, newest activity first. */
  sessionKeys(page: PageRequest<SessionKey>, filter: Omit<SessionFilter, 'ids'>): SessionKey[] {
    return this.#keys(sessions, page, { ...filter, elsewhere: false })
  }

  /** Conversations that have a message, newest message first; the ids of their keys are their roots'. */
  conversationPage(page: PageRequest<SessionKey>, filter: ConversationFilter): ConversationEntry[] {
    // What works for itself is shown to those who ask for its channel.
    const internal = filter.channels ? {} : { internal: false }
    const ids = this.#keys(conversations, page, { ...filter, ...internal, empty: false }).map(({ id }) => id)
    return inOrder(ids, this.#conversations(ids), ({ rootId }) => rootId)
  }

  /** The conversation of each of these sessions, one without a message too. */
  conversationsOf(sessionIds: readonly string[]): Map<string, ConversationEntry> {
    const read = this.#db.prepare<[string], { id: string; root_id: string }>(
      'SELECT id, root_id FROM segments WHERE id IN (SELECT value FROM json_each(?))',
    )
    const places = chunksOf(sessionIds, chunk).flatMap((some) => read.all(JSON.stringify(some)))
    const found = this.#conversations([...new Set(places.map(({ root_id }) => root_id))])
    const byRoot = new Map(found.map((entry) => [entry.rootId, entry]))
    return new Map(
      places.flatMap(({ id, root_id }): [string, ConversationEntry][] => {
        const entry = byRoot.get(root_id)
        return entry ? [[id, entry]] : []
      }),
    )
  }

  /** Ids of a conversation's sessions: its root, then the others by their start. */
  segmentIds(rootId: string, { skip, first }: SegmentRange): string[] {
    // Where a chain was cut off its root is a part of another conversation.
    const root = this.#db
      .prepare<[string], { id: string }>('SELECT id FROM segments WHERE id = ? AND root_id = id')
      .all(rootId)
    const roots = root.slice(skip)
    const others = this.#db
      .prepare<[string, number, number], { id: string }>(
        `SELECT id FROM segments WHERE root_id = ? AND root_id <> id ORDER BY started_at, depth, id LIMIT ? OFFSET ?`,
      )
      .all(rootId, first - roots.length, Math.max(0, skip - root.length))
    return [...roots, ...others].map(({ id }) => id)
  }

  /** By their roots, in no order. */
  #conversations(rootIds: readonly string[]): ConversationEntry[] {
    const read = this.#db.prepare<[string], ConversationRow>(
      'SELECT * FROM conversations WHERE root_id IN (SELECT value FROM json_each(?))',
    )
    return chunksOf(rootIds, chunk)
      .flatMap((some) => read.all(JSON.stringify(some)))
      .map(entryOf)
  }

  /** One list for each facet that passes is in order already: of each as many as the page takes are enough. */
  #keys(list: Listed, page: PageRequest<SessionKey>, filter: FacetFilter): SessionKey[] {
    const lists = this.#facets(list)
      .filter((facet) => facetPasses(facet, filter))
      .map((facet) => this.#keysOfFacet(list, facet, page))
    return lists.length === 1 ? lists.flat() : cut(lists.flat().sort(newestFirst), page)
  }

  #facets({ table }: Listed): Facet[] {
    const next = this.#db.prepare<[number], { facet: number | null }>(
      `SELECT min(facet) AS facet FROM ${table} WHERE facet > ?`,
    )
    const facets: Facet[] = []
    for (let facet = next.get(-1)?.facet; typeof facet === 'number'; facet = next.get(facet)?.facet) facets.push(facet)
    return facets
  }

  #keysOfFacet({ table, id, at }: Listed, facet: Facet, page: PageRequest<SessionKey>): SessionKey[] {
    const { after, before, limit, backwards } = page
    // Newest first: what comes after a key in the list is smaller than it.
    const bounds = `${after ? `AND (${at}, ${id}) < (?, ?)` : ''} ${before ? `AND (${at}, ${id}) > (?, ?)` : ''}`
    const direction = backwards ? 'ASC' : 'DESC'
    const keys = this.#db
      .prepare<(string | number)[], SessionKey>(
        `SELECT ${id} AS id, ${at} AS lastActivityAt FROM ${table} WHERE facet = ? ${bounds}
         ORDER BY ${at} ${direction}, ${id} ${direction} LIMIT ?`,
      )
      .all(facet, ...[after, before].flatMap((key) => (key ? [key.lastActivityAt, key.id] : [])), limit)
    return backwards ? keys.reverse() : keys
  }
}

function entryOf(row: ConversationRow): ConversationEntry {
  return {
    rootId: row.root_id,
    tipId: row.tip_id,
    segmentCount: row.segment_count,
    lastActivityAt: row.last_activity_at,
    isEmpty: isEmpty(row.facet),
    isElsewhere: isElsewhere(row.facet),
  }
}
