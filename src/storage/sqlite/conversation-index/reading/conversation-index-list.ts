import type { PageRequest } from '../../../../lib/pagination.ts'
import type { SessionSortKey } from '../../../../model/session-filter.ts'
import type { SqlConnection } from '../../database/statement-cache.ts'
import {
  type ConversationIndexFlags,
  type ConversationIndexFlagsFilter,
  matchesConversationIndexFilter,
} from '../conversation-index-flags.ts'

/** A table that is listed, with the names of its key columns. */
export interface ListedTable {
  readonly table: string
  readonly idColumn: string
  readonly timeColumn: string
}

/** Where a list has a session or a conversation, and the flags that it has there. */
export interface ListedKey extends SessionSortKey {
  readonly flags: ConversationIndexFlags
}

/** A query for rows of `ListedKey`, in the direction in which the page is read. */
export interface KeyQuery {
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

  /**
   * Reads no more of the index than the page. A page of everything is read from one list in the order of time; otherwise there
   * is a list for each value of `flags` that passes the filter, and SQLite merges them. Null if nothing can match.
   */
  selectKeys(
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

  listFlagValues(): ConversationIndexFlags[] {
    const { table } = this.#table
    return this.#db
      .prepare<[], { flags: number }>(
        `WITH RECURSIVE each (flags) AS (
           SELECT min(flags) FROM ${table}
           UNION ALL
           SELECT (SELECT min(flags) FROM ${table} WHERE flags > each.flags) FROM each WHERE flags IS NOT NULL
         )
         SELECT flags FROM each WHERE flags IS NOT NULL`,
      )
      .all()
      .map(({ flags }) => flags)
  }

  /** The values of `flags` that pass a filter; null if all do. */
  #findMatchingFlagValues(filter: ConversationIndexFlagsFilter): ConversationIndexFlags[] | null {
    if (Object.values(filter).every((condition) => condition === undefined)) return null
    const all = this.listFlagValues()
    const matching = all.filter((flags) => matchesConversationIndexFilter(flags, filter))
    return matching.length < all.length || all.length === 0 ? matching : null
  }
}
