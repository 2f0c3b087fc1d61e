import type { SearchHit, SearchPage, SearchRequest } from '../search/search-hit.ts'
import type { SearchService } from '../search/search-service.ts'
import { HermesIdNamespace } from './namespaced-session-reader.ts'

/** A search whose hits in Hermes carry the namespace of a profile in their ids. */
export class HermesIdQualifyingSearch implements Pick<SearchService, 'find' | 'close'> {
  readonly #search: Pick<SearchService, 'find' | 'close'>
  readonly #namespace: HermesIdNamespace

  constructor(searches: Pick<SearchService, 'find' | 'close'>, profile: string) {
    this.#search = searches
    this.#namespace = new HermesIdNamespace(profile)
  }

  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const page = await this.#search.find(
      { ...request, filter: this.#namespace.unqualifyFilter(request.filter) },
      signal,
    )
    return { ...page, hits: page.hits.map((hit) => (hit.key.origin === 'HERMES' ? this.#qualifyHit(hit) : hit)) }
  }

  close(): Promise<void> {
    return this.#search.close()
  }

  #qualifyHit(hit: SearchHit): SearchHit {
    const messageId = hit.messageId === null ? null : this.#namespace.qualify(hit.messageId)
    return { ...hit, sessionId: this.#namespace.qualify(hit.sessionId), messageId }
  }
}
