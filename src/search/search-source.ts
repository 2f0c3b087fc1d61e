import type { Origin } from '../model/session.ts'
import type { SearchHit, SearchHitSortKey, SearchPageBounds, SearchRequest } from './search-hit.ts'
import type { SearchQuery } from './search-query.ts'

/** A hit without its snippet. */
export interface SearchMatch extends Omit<SearchHit, 'snippet'> {
  /** The title that matches, if the source does not store it as the session's own. */
  readonly givenTitle?: string
}

/** The result of a few milliseconds of searching: a match, or how far the search has come. Null if that is not known yet. */
export type SearchStepResult = { readonly match: SearchMatch } | { readonly searchedUpTo: SearchHitSortKey | null }

/** The index of a source is damaged. The messages themselves may be sound. */
export class SearchIndexDamagedError extends Error {
  override readonly name = 'SearchIndexDamagedError'
}

/** Something that can be searched, in steps between which other searches run. */
export interface SearchSource {
  /** The matches in the order of `compareSearchKeys`, or in reverse if `backwards`. May throw SearchIndexDamagedError. */
  search(
    query: SearchQuery,
    filter: SearchRequest['filter'],
    range: SearchPageBounds,
  ): Generator<SearchStepResult, void, void>
  /** The full text of a match; null if it was deleted in the meantime. */
  readText(match: SearchMatch): Generator<void, string | null, void>
  close(): void
}

export interface SearchSourceOptions {
  /** The database file to search. */
  readonly path: string
  readonly profile: string
}

/** What the module of a source exports as `openSearchSource`. It runs in the search worker. */
export type SearchSourceFactory = (options: SearchSourceOptions) => SearchSource

/** A module for the search worker to load, so that `search/` depends on no storage engine and not on Hermes. */
export interface SearchSourceModule {
  readonly origin: Origin
  /** The URL of a module that exports `openSearchSource`. */
  readonly moduleUrl: string
  readonly options: SearchSourceOptions
}
