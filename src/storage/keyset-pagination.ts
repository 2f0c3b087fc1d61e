import { matchesFilter, type SessionFilter, type SessionKey } from '../model/session-filter.ts'
import type { PageRequest } from '../lib/pagination.ts'
import { chunkArray } from '../lib/chunk-array.ts'
import type { SessionRecord } from '../model/session.ts'

const maxIdsPerQuery = 500 // ids a query

/** The order of every list of sessions, in whatever file they lie. Ids by their UTF-8, as SQLite compares them. */
export function compareByActivity(a: SessionKey, b: SessionKey): number {
  return b.lastActivityAt - a.lastActivityAt || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id))
}

/** The first rows of an ordered list, or its last ones, as the page asks. */
export function takePage<T>(list: readonly T[], { limit, backwards }: PageRequest<unknown>): T[] {
  return backwards ? list.slice(Math.max(0, list.length - limit)) : list.slice(0, limit)
}

/** Whether a key lies between those that cut out a page. */
export function isWithinPage(key: SessionKey, { after, before }: PageRequest<SessionKey>): boolean {
  return (!after || compareByActivity(key, after) > 0) && (!before || compareByActivity(key, before) < 0)
}

/** Rows in the order of these ids; an id without a row is left out. */
export function orderByIds<T>(ids: readonly string[], rows: readonly T[], getId: (row: T) => string): T[] {
  const byId = new Map(rows.map((row) => [getId(row), row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/** A page of the sessions with these ids that pass the rest of the filter. Loads at most 500 at once. */
export function loadPageOfSessions(
  ids: readonly string[],
  load: (ids: readonly string[]) => SessionRecord[],
  page: PageRequest<SessionKey>,
  filter: SessionFilter,
): SessionRecord[] {
  const rows = chunkArray([...new Set(ids)], maxIdsPerQuery).flatMap((batch) => load(batch))
  return takePage(
    rows.filter((row) => matchesFilter(row, filter) && isWithinPage(row, page)).sort(compareByActivity),
    page,
  )
}
