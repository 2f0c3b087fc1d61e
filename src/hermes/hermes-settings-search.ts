import { filtersByFlags } from '../model/session-filter.ts'
import type { SearchPage, SearchRequest } from '../search/search-hit.ts'
import type { ProfileSearch } from '../storage/profile-search.ts'
import { type ConversationSettingsRow, toConversationSettingsPatch } from '../storage/sessions/conversation-settings.ts'
import type { CrossOriginContinuationFeed } from '../storage/sessions/cross-origin-continuation-feed.ts'
import type { HermesSessionReader } from './hermes-session-reader.ts'

/** Where the settings of Hermes' conversations are read. */
interface HermesSettingsReaders {
  readonly feed: {
    listHermesSettings():
      | ReturnType<CrossOriginContinuationFeed['listHermesSettings']>
      | Promise<ConversationSettingsRow[]>
  }
  readonly sessions: Pick<HermesSessionReader, 'findGivenTitles' | 'listFlagsOfSegueSessions' | 'listAttentions'>
}

/**
 * A search whose filters know what is set in Segue for sessions of Hermes, and the other way around. Titles that are given in
 * Segue find the tips of Hermes.
 */
export class HermesSettingsSearch implements ProfileSearch {
  readonly #search: ProfileSearch
  readonly #readers: HermesSettingsReaders

  constructor(search: ProfileSearch, readers: HermesSettingsReaders) {
    this.#search = search
    this.#readers = readers
  }

  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const { origin, ...filter } = request.filter
    const isFlagFilter = filtersByFlags(filter) // only then, because there may be many settings
    const [hermesTitles, segueFlags, hermesAttentions] = await Promise.all([
      origin === 'SEGUE' ? [] : this.#readers.sessions.findGivenTitles(request.query),
      origin !== 'HERMES' && isFlagFilter ? this.#readers.sessions.listFlagsOfSegueSessions() : [],
      origin !== 'SEGUE' && filter.attention ? this.#readers.sessions.listAttentions() : [],
    ])
    const settings = {
      hermesTitles: hermesTitles.map(({ tipId, title }) => [tipId, title] as const),
      hermesSettings: origin !== 'SEGUE' && isFlagFilter ? await this.#listSettings() : [],
      segueFlags: [...segueFlags],
      hermesAttentions: [...hermesAttentions],
    }
    return this.#search.find({ ...request, filter: { ...request.filter, ...settings } }, signal)
  }

  close(): Promise<void> {
    return this.#search.close()
  }

  async #listSettings(): Promise<NonNullable<SearchRequest['filter']['hermesSettings']>> {
    const rows = await this.#readers.feed.listHermesSettings()
    return rows.map((row) => {
      const { title: _, ...flags } = toConversationSettingsPatch(row)
      return [row.session_id, flags]
    })
  }
}
