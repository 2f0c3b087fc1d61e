import { sourcesOf } from '../../../model/channel.ts'
import { facetCount, facetPasses } from '../conversation-index/list-flags.ts'
import type { SessionFilter } from '../../session-reader.ts'
import { type Kind, mirrored, type Statements } from './search-index.ts'

/** An entry of the index, and what it is of. */
export interface EntryRow {
  readonly number: number
  readonly at: number
  readonly sessionId: string
  readonly messageId: string | null
  readonly isStretch: 0 | 1
}

/** Numbers of entries, both ends included. */
export interface Numbers {
  readonly from: number
  readonly to: number
}

const columns = {
  message: 'message.session_id AS sessionId, message.id AS messageId, entry.is_stretch AS isStretch',
  title: 'session.id AS sessionId, NULL AS messageId, 0 AS isStretch',
}

const owners = {
  message: `CROSS JOIN messages AS message ON message.id = entry.id
    CROSS JOIN sessions AS session ON session.id = message.session_id`,
  title: 'CROSS JOIN sessions AS session ON session.id = entry.id',
}

/** What is found, and where: the index counts against the numbers. CROSS: it comes first, and is read in its own order. */
const found = {
  message: foundIn('message'),
  title: foundIn('title'),
}

function foundIn(kind: Kind): string {
  return `SELECT entry.number, entry.at, ${columns[kind]} FROM ${kind}_index AS found
    CROSS JOIN ${kind}_entries AS entry ON entry.number = ${mirrored(0)} - found.rowid ${owners[kind]}
    WHERE found.${kind}_index MATCH ?`
}

/** The entries that an expression finds among some numbers, in their order: the newest first, or against it. */
export function entriesIn(
  db: Statements,
  kind: Kind,
  search: { readonly expression: string; readonly filter: SessionFilter },
  { from, to }: Numbers,
  backwards: boolean,
  limit: number,
): EntryRow[] {
  const { condition, values } = conditionOf(search.filter)
  return db
    .prepare<(string | number)[], EntryRow>(
      `${found[kind]} AND found.rowid BETWEEN ? AND ? ${condition}
       ORDER BY found.rowid ${backwards ? 'DESC' : 'ASC'} LIMIT ?`,
    )
    .all(search.expression, mirrored(to), mirrored(from), ...values, limit)
}

/** The same among a list of numbers. */
export function entriesAmong(
  db: Statements,
  kind: Kind,
  expression: string,
  numbers: readonly number[],
  backwards: boolean,
): EntryRow[] {
  return db
    .prepare<[string, string], EntryRow>(
      `${found[kind]} AND found.rowid IN (SELECT value FROM json_each(?))
       ORDER BY found.rowid ${backwards ? 'DESC' : 'ASC'}`,
    )
    .all(expression, JSON.stringify(numbers.map(mirrored)))
}

/** Whether an expression finds any of some numbers. */
export function finds(db: Statements, kind: Kind, expression: string, { from, to }: Numbers): boolean {
  return (
    db
      .prepare<[string, number, number]>(
        `SELECT rowid FROM ${kind}_index WHERE ${kind}_index MATCH ? AND rowid BETWEEN ? AND ? LIMIT 1`,
      )
      .get(expression, mirrored(to), mirrored(from)) !== undefined
  )
}

/** All numbers that are in use. */
export function allNumbers(db: Statements, kind: Kind): Numbers {
  // Each by itself: for both at once SQLite would walk through all of them.
  const end = (which: 'min' | 'max'): number | null | undefined =>
    db.prepare<[], { number: number | null }>(`SELECT ${which}(number) AS number FROM ${kind}_entries`).get()?.number
  return { from: end('min') ?? 1, to: end('max') ?? 0 }
}

/** The numbers of all stretches of a message. */
export function numbersOf(db: Statements, messageId: string): Numbers {
  const row = db
    .prepare<[string], Numbers>('SELECT min(number) AS "from", max(number) AS "to" FROM message_entries WHERE id = ?')
    .get(messageId)
  return row ?? { from: 0, to: 0 }
}

/** The time of the first entry from a number on. */
export function timeFrom(
  db: Statements,
  kind: Kind,
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
export function firstNumberFrom(db: Statements, kind: Kind, at: number, { from, to }: Numbers): number {
  let [low, high] = [from, to + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const entry = timeFrom(db, kind, middle)
    if (!entry || entry.at >= at) high = middle
    else low = entry.number + 1
  }
  return low
}

/**
 * The numbers of the entries of a filter's sessions, when it names few sessions with few messages: to look at each of
 * these costs less than to look for them among all. Null when they are many, or any.
 */
export function fewNumbers(
  db: Statements,
  kind: Kind,
  filter: SessionFilter,
  most: { readonly sessions: number; readonly messages: number },
): number[] | null {
  if (!filter.ids && filter.pinned !== true) return null
  const { condition, values } = conditionOf(filter)
  const sessions = db
    .prepare<(string | number)[], { id: string; message_count: number }>(
      `SELECT session.id, session.message_count FROM sessions AS session WHERE TRUE ${condition} LIMIT ?`,
    )
    .all(...values, most.sessions + 1)
  const messages = sessions.reduce((sum, session) => sum + session.message_count, 0)
  if (sessions.length > most.sessions || messages > most.messages) return null
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
export function hasAny(db: Statements, channels: readonly string[]): boolean {
  const facets = Array.from({ length: facetCount }, (_, facet) => facet).filter((facet) =>
    facetPasses(facet, { channels }),
  )
  const sql = 'SELECT 1 FROM json_each(?) WHERE EXISTS (SELECT 1 FROM segments WHERE facet = value) LIMIT 1'
  return db.prepare<[string]>(sql).get(JSON.stringify(facets)) !== undefined
}

function conditionOf({ ids, channels, archived, pinned }: SessionFilter): {
  condition: string
  values: (string | number)[]
} {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const where = (condition: string, value: string | number): void => {
    conditions.push(`AND ${condition}`)
    values.push(value)
  }
  if (ids) where('session.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids))
  if (channels) {
    const { told, areTheirs } = sourcesOf(channels)
    where(`session.source ${areTheirs ? '' : 'NOT '}IN (SELECT value FROM json_each(?))`, JSON.stringify(told))
  }
  if (archived !== undefined) where('session.archived = ?', archived ? 1 : 0)
  if (pinned !== undefined) where('session.pinned = ?', pinned ? 1 : 0)
  return { condition: conditions.join(' '), values }
}
