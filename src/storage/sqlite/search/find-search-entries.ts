import { channelsToSourceFilter } from '../../../model/channel.ts'
import { listMatchingSessionFlags } from '../../conversation-index/conversation-index-flags.ts'
import { filtersByFlags, matchesFlags } from '../../../model/session-filter.ts'
import type { SearchRequest } from '../../../search/search-hit.ts'
import { type SearchIndexItemKind, invertSearchRowid } from './search-index.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isShownTitleEntry } from './searchable-titles.ts'

/** An entry of the index and the session or message that it belongs to. */
export interface SearchEntryRow {
  readonly number: number
  readonly at: number
  readonly sessionId: string
  readonly messageId: string | null
  readonly isPassage: 0 | 1
}

const inList = 'IN (SELECT value FROM json_each(?))'

/** A range of entry numbers. Both ends are included. */
export interface SearchEntryRange {
  readonly from: number
  readonly to: number
}

const selectedColumns = {
  message: 'message.session_id AS sessionId, message.id AS messageId, entry.is_passage AS isPassage',
  title: 'session.id AS sessionId, NULL AS messageId, 0 AS isPassage',
}

const ownerJoins = {
  message: `CROSS JOIN messages AS message ON message.id = entry.id
    CROSS JOIN sessions AS session ON session.id = message.session_id`,
  title: 'CROSS JOIN sessions AS session ON session.id = entry.id',
}

/** CROSS JOIN makes SQLite read the FTS table first, in the order of its rowids, which mirror the entry numbers. */
const matchQueries = {
  message: buildMatchQuery('message'),
  title: buildMatchQuery('title'),
}

function buildMatchQuery(kind: SearchIndexItemKind): string {
  return `SELECT entry.number, entry.at, ${selectedColumns[kind]} FROM ${kind}_index AS found
    CROSS JOIN ${kind}_entries AS entry ON entry.number = ${invertSearchRowid(0)} - found.rowid ${ownerJoins[kind]}
    WHERE found.${kind}_index MATCH ? ${kind === 'title' ? `AND ${isShownTitleEntry}` : ''}`
}

/** Up to `limit` entries in a range that match an FTS5 expression: newest first, or oldest first if `backwards`. */
export function searchEntriesInRange(
  db: SqlConnection,
  kind: SearchIndexItemKind,
  search: { readonly expression: string; readonly filter: SearchRequest['filter'] },
  { from, to }: SearchEntryRange,
  backwards: boolean,
  limit: number,
): SearchEntryRow[] {
  const { condition, values } = buildFilterCondition(search.filter)
  return db
    .prepare<(string | number)[], SearchEntryRow>(
      `${matchQueries[kind]} AND found.rowid BETWEEN ? AND ? ${condition}
       ORDER BY found.rowid ${backwards ? 'DESC' : 'ASC'} LIMIT ?`,
    )
    .all(search.expression, invertSearchRowid(to), invertSearchRowid(from), ...values, limit)
}

/** The same for a list of numbers. */
export function searchEntriesByNumber(
  db: SqlConnection,
  kind: SearchIndexItemKind,
  expression: string,
  numbers: readonly number[],
  backwards: boolean,
): SearchEntryRow[] {
  return db
    .prepare<[string, string], SearchEntryRow>(
      `${matchQueries[kind]} AND found.rowid IN (SELECT value FROM json_each(?))
       ORDER BY found.rowid ${backwards ? 'DESC' : 'ASC'}`,
    )
    .all(expression, JSON.stringify(numbers.map(invertSearchRowid)))
}

/** Whether any entry in a range matches an FTS5 expression. */
export function hasMatchingSearchEntry(
  db: SqlConnection,
  kind: SearchIndexItemKind,
  expression: string,
  { from, to }: SearchEntryRange,
): boolean {
  return (
    db
      .prepare<[string, number, number]>(
        `SELECT rowid FROM ${kind}_index WHERE ${kind}_index MATCH ? AND rowid BETWEEN ? AND ? LIMIT 1`,
      )
      .get(expression, invertSearchRowid(to), invertSearchRowid(from)) !== undefined
  )
}

/** The range of all entries; empty if there are none. */
export function readEntryNumberBounds(db: SqlConnection, kind: SearchIndexItemKind): SearchEntryRange {
  // Two queries: SQLite answers min and max from the index, but not both in one query.
  const readEnd = (which: 'min' | 'max'): number | null | undefined =>
    db.prepare<[], { number: number | null }>(`SELECT ${which}(number) AS number FROM ${kind}_entries`).get()?.number
  return { from: readEnd('min') ?? 1, to: readEnd('max') ?? 0 }
}

/** The range of a message's passages. */
export function findMessagePassageRange(db: SqlConnection, messageId: string): SearchEntryRange {
  const row = db
    .prepare<[string], SearchEntryRange>(
      'SELECT min(number) AS "from", max(number) AS "to" FROM message_entries WHERE id = ?',
    )
    .get(messageId)
  return row ?? { from: 0, to: 0 }
}

/** The first entry from a number on. */
export function findFirstSearchEntry(
  db: SqlConnection,
  kind: SearchIndexItemKind,
  number: number,
): { readonly number: number; readonly at: number } | null {
  return (
    db
      .prepare<[number], { number: number; at: number }>(
        `SELECT number, at FROM ${kind}_entries WHERE number >= ? ORDER BY number LIMIT 1`,
      )
      .get(number) ?? null
  )
}

/** The first number from a time on, by binary search, because times rise with numbers; the last one + 1 if there is none. */
export function findEntryNumberSince(
  db: SqlConnection,
  kind: SearchIndexItemKind,
  at: number,
  { from, to }: SearchEntryRange,
): number {
  let [low, high] = [from, to + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const entry = findFirstSearchEntry(db, kind, middle)
    if (!entry || entry.at >= at) high = middle
    else low = entry.number + 1
  }
  return low
}

/**
 * Returns the entries of the filtered sessions if they are few sessions with few messages: reading each is cheaper than
 * scanning the index. Returns null otherwise.
 */
export function listSessionSearchEntries(
  db: SqlConnection,
  kind: SearchIndexItemKind,
  filter: SearchRequest['filter'],
  limits: { readonly sessions: number; readonly messages: number },
): number[] | null {
  if (!filter.ids && filter.pinned !== true) return null
  const { condition, values } = buildFilterCondition(filter)
  const sessions = db
    .prepare<(string | number)[], { id: string; message_count: number }>(
      `SELECT session.id, session.message_count FROM sessions AS session WHERE TRUE ${condition} LIMIT ?`,
    )
    .all(...values, limits.sessions + 1)
  const messages = sessions.reduce((sum, session) => sum + session.message_count, 0)
  if (sessions.length > limits.sessions || messages > limits.messages) return null
  const entries = {
    message: `SELECT entry.number FROM json_each(?) AS wanted CROSS JOIN messages AS message
      ON message.session_id = wanted.value CROSS JOIN message_entries AS entry ON entry.id = message.id`,
    title: `SELECT entry.number FROM json_each(?) AS wanted CROSS JOIN title_entries AS entry ON entry.id = wanted.value`,
  }
  return db
    .prepare<[string], { number: number }>(entries[kind])
    .all(JSON.stringify(sessions.map(({ id }) => id)))
    .map(({ number }) => number)
}

/** Whether Segue stores any session of these channels. */
export function hasSessionsInChannels(db: SqlConnection, channels: readonly string[]): boolean {
  const sql =
    'SELECT 1 FROM json_each(?) WHERE EXISTS (SELECT 1 FROM conversation_sessions WHERE flags = value) LIMIT 1'
  return db.prepare<[string]>(sql).get(JSON.stringify(listMatchingSessionFlags({ channels }))) !== undefined
}

function buildFilterCondition({ ids, channels, segueFlags = [], ...flagFilter }: SearchRequest['filter']): {
  condition: string
  values: string[]
} {
  const conditions: string[] = []
  const values: string[] = []
  const addCondition = (condition: string, ...lists: readonly (readonly unknown[])[]): void => {
    conditions.push(`AND ${condition}`)
    values.push(...lists.map((list) => JSON.stringify(list)))
  }
  if (ids) addCondition(`session.id ${inList}`, ids)
  if (channels) {
    const { sources, isAllowlist: isInclusive } = channelsToSourceFilter(channels)
    addCondition(`session.source ${isInclusive ? '' : 'NOT '}${inList}`, sources)
  }
  if (filtersByFlags(flagFilter)) {
    addCondition(
      `(session.id ${inList} OR (session.id NOT ${inList} AND ${
        // Those that are pinned are few, so the list of all is read.
        flagFilter.pinned === true
          ? `session.id IN (SELECT id FROM conversation_sessions WHERE flags ${inList})`
          : `(SELECT flags FROM conversation_sessions WHERE id = session.id) ${inList}`
      }))`,
      segueFlags.flatMap(([id, flags]) => (matchesFlags(flags, flagFilter) ? id : [])),
      segueFlags.map(([id]) => id),
      listMatchingSessionFlags(flagFilter),
    )
  }
  return { condition: conditions.join(' '), values }
}
