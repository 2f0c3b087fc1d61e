import type { Origin } from '../model/session.ts'
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

export interface SearchSourceOptions {
  /** The database file to search. */
  readonly path: string
  readonly profile: string
}

/** What a module that can be searched exports as `openSearchSource`. Runs in the search worker. */
export type OpenSearchSource = (
  options: SearchSourceOptions,
  onStatement: ((sql: string) => void) | null,
) => SearchSource

/** A module for the search worker to load: the worker knows no storage engine and no Hermes. */
export interface SearchSourceModule {
  readonly origin: Origin
  /** The URL of a module that exports `openSearchSource`. */
  readonly moduleUrl: string
  readonly options: SearchSourceOptions
}
