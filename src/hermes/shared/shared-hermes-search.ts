import { compareSearchKeys, type SearchPage, type SearchRequest } from '../../search/search-hit.ts'
import { takePage } from '../../storage/keyset-pagination.ts'
import type { ProfileSearch } from '../../storage/profile-search.ts'
import { isHermesUnreachable, type RemoteHermesSource } from './remote-hermes-source.ts'
import type { SharedHermesAgent } from './shared-hermes-agent.ts'

export interface SharedHermesSearchOptions {
  /** Searches Segue's sessions. */
  readonly segue: ProfileSearch
  /** Searches the files of Hermes. Null if Hermes is turned off in this process. */
  readonly hermes: ProfileSearch | null
  readonly agent: Pick<SharedHermesAgent, 'findLocalReader'>
  readonly remote: Pick<RemoteHermesSource, 'search'>
}

const emptyPage: SearchPage = { hits: [], searchedUpTo: null }

/**
 * Searches the sessions of both origins where several processes share a database: those of Hermes are searched by the process that
 * reads its files. While it is gone, Segue's are found, and a search in Hermes alone throws STORAGE.
 */
export class SharedHermesSearch implements ProfileSearch {
  readonly #options: SharedHermesSearchOptions

  constructor(options: SharedHermesSearchOptions) {
    this.#options = options
  }

  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const { origin } = request.filter
    const pages = await Promise.all([
      origin === 'HERMES' ? emptyPage : this.#options.segue.find(request, signal),
      origin === 'SEGUE' ? emptyPage : this.#findInHermes(request, signal),
    ])
    return mergeSearchPages(pages, request)
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.segue.close(), this.#options.hermes?.close()])
  }

  async #findInHermes(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const { agent, hermes, remote } = this.#options
    if (hermes && (await agent.findLocalReader())) return hermes.find(request, signal)
    try {
      return await remote.search(request)
    } catch (error) {
      if (isHermesUnreachable(error) && request.filter.origin !== 'HERMES') return emptyPage
      throw error
    }
  }
}

/** One page of those of two sources. It ends where the first of them was cut short: what comes after may lack hits. */
function mergeSearchPages(pages: readonly SearchPage[], request: SearchRequest): SearchPage {
  const direction = request.backwards ? -1 : 1
  const [searchedUpTo = null] = pages
    .flatMap((page) => page.searchedUpTo ?? [])
    .toSorted((a, b) => direction * compareSearchKeys(a, b))
  const hits = pages
    .flatMap((page) => page.hits)
    .filter(({ key }) => !searchedUpTo || direction * compareSearchKeys(key, searchedUpTo) <= 0)
    .toSorted((a, b) => compareSearchKeys(a.key, b.key))
  const page = takePage(hits, request)
  return { hits: page, searchedUpTo: page.length === request.limit ? null : searchedUpTo }
}
