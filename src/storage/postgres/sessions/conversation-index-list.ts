import type { PageRequest } from '../../../lib/pagination.ts'
import type { SessionSortKey } from '../../../model/session-filter.ts'
import type { ConversationIndexFlags } from '../../conversation-index/conversation-index-flags.ts'
import type { PostgresStatement, PostgresValue } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'

/** A table that is listed, with the names of its key columns. */
interface ListedTable {
  readonly table: string
  readonly idColumn: string
  readonly timeColumn: string
}

export const sessionTable: ListedTable = {
  table: 'conversation_sessions',
  idColumn: 'id',
  timeColumn: 'activity_at',
}

export const conversationTable: ListedTable = {
  table: 'conversations',
  idColumn: 'root_id',
  timeColumn: 'last_activity_at',
}

/** Where a list has a session or a conversation, and the flags that it has there. */
export interface ListedKey extends SessionSortKey {
  readonly flags: ConversationIndexFlags
}

/** The keys of a page, newest first, with these values of `flags`. Reads no more than a page of each value's list. */
export async function listIndexKeys(
  database: PostgresProfileDatabase,
  table: ListedTable,
  page: PageRequest<SessionSortKey>,
  flagValues: readonly ConversationIndexFlags[],
): Promise<ListedKey[]> {
  if (flagValues.length === 0) return []
  const { after, before, limit, backwards } = page
  const values: PostgresValue[] = [
    limit,
    flagValues,
    ...[after, before].flatMap((key) => (key ? [key.lastActivityAt, key.id] : [])),
  ]
  const keys = await database.query<ListedKey>(toStatement(table, page), values)
  return backwards ? keys.reverse() : keys
}

/** One statement for each form of a page. */
function toStatement(
  { table, idColumn, timeColumn }: ListedTable,
  { after, before, backwards }: PageRequest<SessionSortKey>,
): PostgresStatement {
  const toBound = (operator: string, parameter: number): string =>
    `AND (${timeColumn}, ${idColumn}) ${operator} ($${parameter}, $${parameter + 1})`
  // Newest first: what comes after a key in the list is smaller than it.
  const bounds = `${after ? toBound('<', 4) : ''} ${before ? toBound('>', after ? 6 : 4) : ''}`
  const direction = backwards ? 'ASC' : 'DESC'
  const forms = [after && 'after', before && 'before', backwards && 'backwards']
  return {
    name: ['list', table, ...forms.filter(Boolean)].join('-'),
    text: `SELECT listed.* FROM unnest($3::bigint[]) AS wanted (flags) CROSS JOIN LATERAL (
        SELECT ${idColumn} AS id, ${timeColumn} AS "lastActivityAt", flags FROM ${table}
        WHERE profile = $1 AND ${table}.flags = wanted.flags ${bounds}
        ORDER BY ${timeColumn} ${direction}, ${idColumn} ${direction} LIMIT $2
      ) AS listed ORDER BY "lastActivityAt" ${direction}, id ${direction} LIMIT $2`,
  }
}
