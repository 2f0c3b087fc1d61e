import type { SearchPage, SearchRequest } from '../search/search-hit.ts'
import type { SearchService } from '../search/search-service.ts'
import { toConversationSettingsPatch } from '../storage/sessions/conversation-settings.ts'
import type { CrossOriginContinuationFeed } from '../storage/sessions/cross-origin-continuation-feed.ts'
import type { HermesSessionReader } from './hermes-session-reader.ts'

/** Where the settings of Hermes' conversations are read. */
interface HermesSettingsReaders {
  readonly feed: Pick<CrossOriginContinuationFeed, 'listHermesSettings'>
  readonly sessions: Pick<HermesSessionReader, 'findGivenTitles'>
}

/** A search that knows what is set in Segue for conversations of Hermes: its filters do, and titles find their tips. */
export class HermesSettingsSearch implements Pick<SearchService, 'find' | 'close'> {
  readonly #search: SearchService
  readonly #readers: HermesSettingsReaders

  constructor(search: SearchService, readers: HermesSettingsReaders) {
    this.#search = search
    this.#readers = readers
  }

  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const { filter, query } = request
    if (filter.origin === 'SEGUE') return this.#search.find(request, signal)
    const titles = await this.#readers.sessions.findGivenTitles(query)
    const hermesTitles = titles.map(({ tipId, title }) => [tipId, title] as const)
    return this.#search.find(
      { ...request, filter: { ...filter, hermesTitles, hermesSettings: this.#listSettings(filter) } },
      signal,
    )
  }

  close(): Promise<void> {
    return this.#search.close()
  }

  /** Only for the filters that need them: there may be many. */
  #listSettings({ pinned, archived }: SearchRequest['filter']): NonNullable<SearchRequest['filter']['hermesSettings']> {
    if (pinned === undefined && archived === undefined) return []
    return this.#readers.feed.listHermesSettings().map((row) => {
      const { title: _, ...flags } = toConversationSettingsPatch(row)
      return [row.session_id, flags]
    })
  }
}
