import type { Origin } from '../model/session.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionFilter } from '../model/session-filter.ts'
import { type SearchRank, searchRanks } from './search-query.ts'

/**
 * Where a hit stands among all hits of a query: those of a better rank first, then the newer ones. It follows from the
 * hit and the query alone, not from what else is stored, and so is comparable between files; and a page that begins
 * behind a key is right whatever came or went in the meantime: each hit that was there all the time is on exactly one
 * page, and a new one on none or one.
 */
export interface SearchKey {
  readonly rank: SearchRank
  /** The time of the message, or of the session's start, in milliseconds. Within a file no less than that of what was stored before. */
  readonly at: number
  readonly origin: Origin
  /** Tells hits of one origin and rank apart; the greater one was stored later. */
  readonly number: number
}

/** Something that was found: a message, or a session by its title. */
export interface SearchHit {
  readonly key: SearchKey
  readonly sessionId: string
  /** Null when it is the title that was hit. */
  readonly messageId: string | null
  /** Plain text from around what was found, in one line, at most 200 UTF-16 code units. */
  readonly snippet: string
}

export interface SearchRequest extends PageRequest<SearchKey> {
  readonly query: string
  readonly filter: SessionFilter & { readonly origin?: Origin }
}

export interface SearchPage {
  readonly hits: readonly SearchHit[]
  /** How far the search came when it took too long: what lies further was not looked at. Null when all was. */
  readonly searchedUpTo: SearchKey | null
}

/** What a search looks for, and how much of the order of hits it is to walk. */
export interface SearchRange {
  readonly after: SearchKey | null
  readonly before: SearchKey | null
  readonly backwards: boolean
}

/** The order of hits. */
export function compareSearchKeys(a: SearchKey, b: SearchKey): number {
  return (
    searchRanks.indexOf(a.rank) - searchRanks.indexOf(b.rank) ||
    b.at - a.at ||
    (a.origin === b.origin ? b.number - a.number : a.origin === 'SEGUE' ? -1 : 1)
  )
}

export function isInRange(key: SearchKey, { after, before }: SearchRange): boolean {
  return (!after || compareSearchKeys(key, after) > 0) && (!before || compareSearchKeys(key, before) < 0)
}
