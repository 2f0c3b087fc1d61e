import type { SearchHit, SearchKey, SearchRange, SearchRequest } from './search-hit.ts'
import type { SearchQuery } from './search-query.ts'

/** A hit without its snippet. */
export type SearchMatch = Omit<SearchHit, 'snippet'>

/**
 * What came of some milliseconds of searching: a hit, or how far the search has come without one. Null where that cannot
 * be told yet.
 */
export type SearchProgress = { readonly match: SearchMatch } | { readonly searchedUpTo: SearchKey | null }

/** A file that is searched, in steps between which others have their turn. */
export interface SearchSource {
  /** Its hits in the order of `bestFirst`, or against it when `backwards`. */
  search(query: SearchQuery, filter: SearchRequest['filter'], range: SearchRange): Generator<SearchProgress, void, void>
  /** The text of a hit, whole; null when it has gone in the meantime. */
  readText(match: SearchMatch): Generator<void, string | null, void>
  close(): void
}
