import type { SearchHit, SearchPage, SearchRequest } from '../search/search-hit.ts'
import type { Searches } from '../search/search-service.ts'
import { IdPrefix } from './namespaced-session-reader.ts'

/** Searches whose hits in Hermes have ids that tell them from those of any other profile. */
export class PrefixedSearches implements Pick<Searches, 'find' | 'close'> {
  readonly #searches: Searches
  readonly #ids: IdPrefix

  constructor(searches: Searches, prefix: string) {
    this.#searches = searches
    this.#ids = new IdPrefix(prefix)
  }

  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const page = await this.#searches.find({ ...request, filter: this.#ids.filter(request.filter) }, signal)
    return { ...page, hits: page.hits.map((hit) => (hit.key.origin === 'HERMES' ? this.#hit(hit) : hit)) }
  }

  close(): Promise<void> {
    return this.#searches.close()
  }

  #hit(hit: SearchHit): SearchHit {
    const messageId = hit.messageId === null ? null : this.#ids.add(hit.messageId)
    return { ...hit, sessionId: this.#ids.add(hit.sessionId), messageId }
  }
}
