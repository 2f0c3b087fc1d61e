import { toSourceFilter } from '../../../model/channel.ts'
import { listFlagsCount, matchesFlags } from '../conversation-index/list-flags.ts'
import type { SessionFilter } from '../../../model/session-filter.ts'
import { type IndexedKind, mirrorRowid } from './search-index.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

/** An entry of the index, and what it is of. */
export interface SearchEntryRow {
  readonly number: number
  readonly at: number
  readonly sessionId: string
  readonly messageId: string | null
  readonly isPassage: 0 | 1
}

/** Numbers of entries, both ends included. */
export interface EntryRange {
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

/** What is found, and where: the index counts against the numbers. CROSS: it comes first, and is read in its own order. */
const matchQueries = {
  message: buildMatchQuery('message'),
  title: buildMatchQuery('title'),
}

function buildMatchQuery(kind: IndexedKind): string {
  return `SELECT entry.number, entry.at, ${selectedColumns[kind]} FROM ${kind}_index AS found
    CROSS JOIN ${kind}_entries AS entry ON entry.number = ${mirrorRowid(0)} - found.rowid ${ownerJoins[kind]}
    WHERE found.${kind}_index MATCH ?`
}

/** The entries that an expression finds among some numbers, in their order: the newest first, or against it. */
export function findEntriesInRange(
  db: SqlConnection,
  kind: IndexedKind,
  search: { readonly expression: string; readonly filter: SessionFilter },
  { from, to }: EntryRange,
  backwards: boolean,
  limit: number,
): SearchEntryRow[] {
  const { condition, values } = buildFilterCondition(search.filter)
  return db
    .prepare<(string | number)[], SearchEntryRow>(
      `${matchQueries[kind]} AND found.rowid BETWEEN ? AND ? ${condition}
       ORDER BY found.rowid ${backwards ? 'DESC' : 'ASC'} LIMIT ?`,
    )
    .all(search.expression, mirrorRowid(to), mirrorRowid(from), ...values, limit)
}

/** The same among a list of numbers. */
export function findEntriesByNumber(
  db: SqlConnection,
  kind: IndexedKind,
  expression: string,
  numbers: readonly number[],
  backwards: boolean,
): SearchEntryRow[] {
  return db
    .prepare<[string, string], SearchEntryRow>(
      `${matchQueries[kind]} AND found.rowid IN (SELECT value FROM json_each(?))
       ORDER BY found.rowid ${backwards ? 'DESC' : 'ASC'}`,
    )
    .all(expression, JSON.stringify(numbers.map(mirrorRowid)))
}

/** Whether an expression finds any of some numbers. */
export function hasMatch(db: SqlConnection, kind: IndexedKind, expression: string, { from, to }: EntryRange): boolean {
  return (
    db
      .prepare<[string, number, number]>(
        `SELECT rowid FROM ${kind}_index WHERE ${kind}_index MATCH ? AND rowid BETWEEN ? AND ? LIMIT 1`,
      )
      .get(expression, mirrorRowid(to), mirrorRowid(from)) !== undefined
  )
}

/** All numbers that are in use. */
export function readFullRange(db: SqlConnection, kind: IndexedKind): EntryRange {
  // Each by itself: for both at once SQLite would walk through all of them.
  const readEnd = (which: 'min' | 'max'): number | null | undefined =>
    db.prepare<[], { number: number | null }>(`SELECT ${which}(number) AS number FROM ${kind}_entries`).get()?.number
  return { from: readEnd('min') ?? 1, to: readEnd('max') ?? 0 }
}

/** The numbers of all stretches of a message. */
export function findMessageEntryRange(db: SqlConnection, messageId: string): EntryRange {
  const row = db
    .prepare<[string], EntryRange>(
      'SELECT min(number) AS "from", max(number) AS "to" FROM message_entries WHERE id = ?',
    )
    .get(messageId)
  return row ?? { from: 0, to: 0 }
}

/** The time of the first entry from a number on. */
export function findFirstEntryFrom(
  db: SqlConnection,
  kind: IndexedKind,
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

/** The first number from a time on: times rise with numbers. One behind the last when there is none. */
export function findFirstNumberSince(
  db: SqlConnection,
  kind: IndexedKind,
  at: number,
  { from, to }: EntryRange,
): number {
  let [low, high] = [from, to + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const entry = findFirstEntryFrom(db, kind, middle)
    if (!entry || entry.at >= at) high = middle
    else low = entry.number + 1
  }
  return low
}

/**
 * The numbers of the entries of a filter's sessions, when it names few sessions with few messages: to look at each of
 * these costs less than to look for them among all. Null when they are many, or any.
 */
export function listEntriesOfFewSessions(
  db: SqlConnection,
  kind: IndexedKind,
  filter: SessionFilter,
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

/** Whether any session that is kept here is of one of these channels. */
export function hasSessionsInChannels(db: SqlConnection, channels: readonly string[]): boolean {
  const flagValues = Array.from({ length: listFlagsCount }, (_, flags) => flags).filter((flags) =>
    matchesFlags(flags, { channels }),
  )
  const sql =
    'SELECT 1 FROM json_each(?) WHERE EXISTS (SELECT 1 FROM conversation_sessions WHERE flags = value) LIMIT 1'
  return db.prepare<[string]>(sql).get(JSON.stringify(flagValues)) !== undefined
}

function buildFilterCondition({ ids, channels, archived, pinned }: SessionFilter): {
  condition: string
  values: (string | number)[]
} {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const addCondition = (condition: string, value: string | number): void => {
    conditions.push(`AND ${condition}`)
    values.push(value)
  }
  if (ids) addCondition('session.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids))
  if (channels) {
    const { sources, isAllowlist: isInclusive } = toSourceFilter(channels)
    addCondition(
      `session.source ${isInclusive ? '' : 'NOT '}IN (SELECT value FROM json_each(?))`,
      JSON.stringify(sources),
    )
  }
  if (archived !== undefined) addCondition('session.archived = ?', archived ? 1 : 0)
  if (pinned !== undefined) addCondition('session.pinned = ?', pinned ? 1 : 0)
  return { condition: conditions.join(' '), values }
}
