import type { Attention } from '../model/conversation/attention.ts'
import type { Origin } from '../model/session.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { ConversationFlags, SessionFilter } from '../model/session-filter.ts'
import { type SearchRank, searchRanks } from './search-query.ts'

/**
 * The position of a hit among all hits of a query: by rank, then newest first. It depends on the hit and the query alone,
 * so keys of different sources are comparable, and pages stay correct while hits come and go: each hit that exists all the
 * time is on exactly one page, each other hit on one page at most.
 */
export interface SearchHitSortKey {
  readonly rank: SearchRank
  /** The time of the message or the start of the session, in milliseconds. Within a source, it never decreases with `number`. */
  readonly at: number
  readonly origin: Origin
  /** Distinguishes hits of one origin and rank. The greater one was stored later. */
  readonly number: number
}

/** A message that matches, or a session whose title does. */
export interface SearchHit {
  readonly key: SearchHitSortKey
  readonly sessionId: string
  /** Null if the title matches. */
  readonly messageId: string | null
  /** Plain text around the match, in one line; at most 200 UTF-16 code units. */
  readonly snippet: string
}

export interface SearchRequest extends PageRequest<SearchHitSortKey> {
  readonly query: string
  readonly filter: SessionFilter & {
    readonly origin?: Origin
    /** Flags of Segue's sessions that only Hermes has set, by session id: they replace what Segue stores. */
    readonly segueFlags?: readonly (readonly [string, ConversationFlags])[]
    /** What is set in Segue for the conversations of Hermes' sessions, by session id: it replaces what Hermes stores. */
    readonly hermesSettings?: readonly (readonly [string, Pick<SessionFilter, 'pinned' | 'archived'>])[]
    /** What the conversations of Hermes' sessions want of a person, by session id, apart from those that are IDLE. */
    readonly hermesAttentions?: readonly (readonly [string, Attention])[]
    /** Titles given in Segue to conversations of Hermes that match the query, by the id of the tip, which they find. */
    readonly hermesTitles?: readonly (readonly [string, string])[]
  }
}

export interface SearchPage {
  readonly hits: readonly SearchHit[]
  /** Where the search was cut short because it took too long; null if it was not. */
  readonly searchedUpTo: SearchHitSortKey | null
}

/** The part of the hits to return. */
export interface SearchPageBounds {
  readonly after: SearchHitSortKey | null
  readonly before: SearchHitSortKey | null
  readonly backwards: boolean
}

/** Orders hits. */
export function compareSearchKeys(a: SearchHitSortKey, b: SearchHitSortKey): number {
  return (
    searchRanks.indexOf(a.rank) - searchRanks.indexOf(b.rank) ||
    b.at - a.at ||
    (a.origin === b.origin ? b.number - a.number : a.origin === 'SEGUE' ? -1 : 1)
  )
}

export function isWithinSearchPage(key: SearchHitSortKey, { after, before }: SearchPageBounds): boolean {
  return (!after || compareSearchKeys(key, after) > 0) && (!before || compareSearchKeys(key, before) < 0)
}
