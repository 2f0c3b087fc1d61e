import type { PageRequest } from '../../../../lib/pagination.ts'
import type { SessionSortKey } from '../../../../model/session-filter.ts'
import type { SqlConnection } from '../../database/statement-cache.ts'
import {
  type ConversationIndexFlags,
  type ConversationIndexFlagsFilter,
  matchesConversationIndexFilter,
} from '../../../conversation-index/conversation-index-flags.ts'

/** A table that is listed, with the names of its key columns. */
interface ListedTable {
  readonly table: string
  readonly idColumn: string
  readonly timeColumn: string
  /** Selects each value of `flags` that its rows have, with a search for each. */
  readonly selectFlagValuesSql: string
}

export const sessionTable: ListedTable = {
  table: 'conversation_sessions',
  idColumn: 'id',
  timeColumn: 'activity_at',
  selectFlagValuesSql: `
    WITH RECURSIVE each (flags) AS (
      SELECT min(flags) FROM conversation_sessions
      UNION ALL
      SELECT (SELECT min(flags) FROM conversation_sessions WHERE flags > each.flags) FROM each WHERE flags IS NOT NULL
    )
    SELECT flags FROM each WHERE flags IS NOT NULL`,
}

export const conversationTable: ListedTable = {
  table: 'conversations',
  idColumn: 'root_id',
  timeColumn: 'last_activity_at',
  selectFlagValuesSql: 'SELECT flags FROM conversation_counts WHERE flags >= 0 AND conversation_count > 0',
}

/** Where a list has a session or a conversation, and the flags that it has there. */
export interface ListedKey extends SessionSortKey {
  readonly flags: ConversationIndexFlags
}

/** A query for rows of `ListedKey`, in the direction in which the page is read. */
interface KeyQuery {
  readonly sql: string
  readonly parameters: readonly (string | number)[]
}

/** The order of a table of the index. */
export class ConversationIndexList {
  readonly #db: SqlConnection
  readonly #table: ListedTable

  constructor(db: SqlConnection, table: ListedTable) {
    this.#db = db
    this.#table = table
  }

  /** The keys of a page, newest first. */
  listKeys(page: PageRequest<SessionSortKey>, filter: ConversationIndexFlagsFilter): ListedKey[] {
    const query = this.#selectKeys(page, filter)
    if (!query) return []
    const keys = this.#db.prepare<(string | number)[], ListedKey>(query.sql).all(...query.parameters)
    return page.backwards ? keys.reverse() : keys
  }

  /** The ids of the keys of a page, newest first. */
  listIds(page: PageRequest<SessionSortKey>, filter: ConversationIndexFlagsFilter): string[] {
    const query = this.#selectKeys(page, filter)
    if (!query) return []
    const read = this.#db.prepare<(string | number)[], string>(`SELECT id FROM (${query.sql})`)
    const ids = read.allOfFirstColumn(...query.parameters)
    return page.backwards ? ids.reverse() : ids
  }

  /** The values of `flags` that the table has. */
  listFlagValues(): ConversationIndexFlags[] {
    const rows = this.#db.prepare<[], { flags: ConversationIndexFlags }>(this.#table.selectFlagValuesSql).all()
    return rows.map(({ flags }) => flags)
  }

  /**
   * Reads no more of the index than the page. A page of everything is read from one list in the order of time; otherwise there
   * is a list for each value of `flags` that passes the filter, and SQLite merges them. Null if nothing can match.
   */
  #selectKeys(
    { after, before, limit, backwards }: PageRequest<SessionSortKey>,
    filter: ConversationIndexFlagsFilter,
  ): KeyQuery | null {
    const flagValues = this.#findMatchingFlagValues(filter)
    if (flagValues?.length === 0) return null
    const { table, idColumn, timeColumn } = this.#table
    // Newest first: what comes after a key in the list is smaller than it.
    const bounds = `${after ? `AND (${timeColumn}, ${idColumn}) < (?, ?)` : ''} ${before ? `AND (${timeColumn}, ${idColumn}) > (?, ?)` : ''}`
    const boundParameters = [after, before].flatMap((key) => (key ? [key.lastActivityAt, key.id] : []))
    const select = `SELECT ${idColumn} AS id, ${timeColumn} AS lastActivityAt, flags FROM ${table}`
    const selects = flagValues?.map(() => `${select} WHERE flags = ? ${bounds}`) ?? [`${select} WHERE TRUE ${bounds}`]
    const parameters = flagValues?.flatMap((flags) => [[flags], boundParameters].flat()) ?? boundParameters
    const direction = backwards ? 'ASC' : 'DESC'
    return {
      sql: `${selects.join(' UNION ALL ')} ORDER BY lastActivityAt ${direction}, id ${direction} LIMIT ?`,
      parameters: [...parameters, limit],
    }
  }

  /** The values of `flags` that pass a filter; null if all do. */
  #findMatchingFlagValues(filter: ConversationIndexFlagsFilter): ConversationIndexFlags[] | null {
    if (Object.values(filter).every((condition) => condition === undefined)) return null
    const all = this.listFlagValues()
    const matching = all.filter((flags) => matchesConversationIndexFilter(flags, filter))
    return matching.length < all.length || all.length === 0 ? matching : null
  }
}
