import {
  type ConversationFlags,
  matchesSessionFilter,
  type SessionFilter,
  type SessionSortKey,
} from '../model/session-filter.ts'
import { compareUtf8 } from '../lib/text/compare-utf8.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionRecord } from '../model/session.ts'

/** The order of the sessions of one origin: newest activity first, then by the UTF-8 of the id, as SQLite compares text. */
export function compareByActivity(a: SessionSortKey, b: SessionSortKey): number {
  return b.lastActivityAt - a.lastActivityAt || compareUtf8(b.id, a.id)
}

/** The same page with at most so many rows. */
export function limitPage<Key>(page: PageRequest<Key>, maxRows: number): PageRequest<Key> {
  return { ...page, limit: Math.min(page.limit, maxRows) }
}

/** The first rows of an ordered list, or the last ones of a backwards page. */
export function takePage<T>(list: readonly T[], { limit, backwards }: PageRequest<unknown>): T[] {
  return backwards ? list.slice(Math.max(0, list.length - limit)) : list.slice(0, limit)
}

/** Whether a key is between the cursors of a page, in the order of `compare`. */
export function isWithinPage(
  key: SessionSortKey,
  { after, before }: PageRequest<SessionSortKey>,
  compare: typeof compareByActivity = compareByActivity,
): boolean {
  return (!after || compare(key, after) > 0) && (!before || compare(key, before) < 0)
}

/** The rows in the order of these ids. Ids without a row are left out. */
export function orderByIds<T>(ids: readonly string[], rows: readonly T[], getId: (row: T) => string): T[] {
  const byId = new Map(rows.map((row) => [getId(row), row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/**
 * A page of the sessions that match the filter. `flags`, by session id, count in place of those of the session, whose
 * conversation is IDLE without them.
 */
export function selectSessionPage(
  sessions: readonly SessionRecord[],
  page: PageRequest<SessionSortKey>,
  filter: SessionFilter,
  flags: ReadonlyMap<string, ConversationFlags> = new Map(),
): SessionRecord[] {
  const matching = sessions.filter((session) => {
    const { pinned, archived, attention } = flags.get(session.id) ?? { ...session, attention: 'IDLE' as const }
    return matchesSessionFilter({ ...session, pinned, archived, attention }, filter) && isWithinPage(session, page)
  })
  return takePage(matching.toSorted(compareByActivity), page)
}
