import type { SearchPage, SearchRequest } from '../search/search-hit.ts'

/** Full-text search over everything that a profile shows. */
export interface ProfileSearch {
  /**
   * A page of hits, best first. Rejects with the signal's reason when it is aborted, and with RATE_LIMITED when too many
   * searches are waiting.
   */
  find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage>
  close(): Promise<void>
}
