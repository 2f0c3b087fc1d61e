import type { SearchPage, SearchRequest } from '../search/search-hit.ts'
import type { SearchService } from '../search/search-service.ts'
import { toConversationSettingsPatch } from '../storage/sessions/conversation-settings.ts'
import type { CrossOriginContinuationFeed } from '../storage/sessions/cross-origin-continuation-feed.ts'

/** A search whose filters know what is set in Segue for conversations of Hermes. */
export class HermesSettingsSearch implements Pick<SearchService, 'find' | 'close'> {
  readonly #search: SearchService
  readonly #settings: Pick<CrossOriginContinuationFeed, 'listHermesSettings'>

  constructor(search: SearchService, settings: Pick<CrossOriginContinuationFeed, 'listHermesSettings'>) {
    this.#search = search
    this.#settings = settings
  }

  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const { filter } = request
    if (filter.pinned === undefined && filter.archived === undefined) return this.#search.find(request, signal)
    const hermesSettings = this.#settings.listHermesSettings().map((row) => {
      const { title: _, ...flags } = toConversationSettingsPatch(row)
      return [row.session_id, flags] as const
    })
    return this.#search.find({ ...request, filter: { ...filter, hermesSettings } }, signal)
  }

  close(): Promise<void> {
    return this.#search.close()
  }
}
