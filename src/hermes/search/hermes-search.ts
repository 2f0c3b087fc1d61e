import type { HermesMessageRowIds } from '../messages/message-outline-row.ts'
import { VisibleHermesMessageCache } from '../messages/visible-hermes-message-cache.ts'
import type { StateDatabaseConnection, StateDatabase } from '../state/state-database.ts'
import { textFromHermesCell } from '../state/cell-values.ts'
import {
  type HermesSearchLimits,
  defaultHermesSearchLimits,
  HermesMatchCollector,
  type HermesMatch,
} from './hermes-match-collector.ts'
import { readHermesMessageText } from './candidate-queries.ts'
import { normalizeSearchText } from '../../search/analyzer.ts'
import { isWithinSearchPage, type SearchPageBounds, type SearchRequest } from '../../search/search-hit.ts'
import type { SearchQuery } from '../../search/search-query.ts'
import type { SearchMatch, SearchSource, SearchStepResult } from '../../search/search-source.ts'

const maxCachedQueries = 8

/** The matches of a query in one version of the file. */
interface CachedResult {
  readonly file: StateDatabaseConnection
  readonly version: unknown
  readonly cacheKey: string
  readonly matches: readonly HermesMatch[]
}

/**
 * Searches a Hermes state.db; runs in the search worker. Messages are found as they are shown: under the id of their oldest
 * row, and without rows that were undone, hidden or copied by a compaction. The matches of a query are cached until the file
 * changes, for its next pages.
 */
export class HermesSearchSource implements SearchSource {
  readonly #limits: HermesSearchLimits
  readonly #database: StateDatabase
  readonly #profile: string
  readonly #visibleMessages = new VisibleHermesMessageCache()
  #cache: readonly CachedResult[] = []

  constructor(database: StateDatabase, profile: string, limits: HermesSearchLimits = defaultHermesSearchLimits) {
    this.#limits = limits
    this.#database = database
    this.#profile = profile
  }

  *search(
    query: SearchQuery,
    filter: SearchRequest['filter'],
    range: SearchPageBounds,
  ): Generator<SearchStepResult, void, void> {
    if (query.isEmpty) return
    const matches = yield* this.#findMatches(query, filter)
    for (const hit of range.backwards ? matches.toReversed() : matches) {
      if (!isWithinSearchPage(hit.key, range)) continue
      const match = this.#toSearchMatch(hit, query)
      yield match ? { match } : { searchedUpTo: hit.key }
    }
  }

  *readText({ key, sessionId, givenTitle }: SearchMatch): Generator<void, string | null, void> {
    yield
    if (givenTitle !== undefined) return givenTitle
    return this.#database.read(null, (file) => {
      if (key.rank !== 'TITLE') {
        const { section = 'whole' } = this.#findShownEntry(file, sessionId, key.number) ?? {}
        return readHermesMessageText(file, key.number, section)
      }
      const sql = `SELECT ${file.schema.selectColumns('sessions', ['title'])} FROM sessions WHERE sessions.id = ?`
      return textFromHermesCell(file.db.prepare<[string], { title: unknown }>(sql).get(sessionId)?.title)
    })
  }

  close(): void {
    this.#database.close()
  }

  *#findMatches(
    query: SearchQuery,
    filter: SearchRequest['filter'],
  ): Generator<SearchStepResult, readonly HermesMatch[], void> {
    const cacheKey = JSON.stringify([query, filter])
    const current = this.#database.read(null, (file) => ({
      file,
      version: file.db.pragma('data_version', { simple: true }),
    }))
    if (!current) return []
    const isCurrent = ({ file, version }: CachedResult): boolean => file === current.file && version === current.version
    const cached = this.#cache.find((each) => each.cacheKey === cacheKey && isCurrent(each))
    if (cached) return cached.matches
    const collector = new HermesMatchCollector(this.#database, this.#profile, query, filter, this.#limits).collect()
    for (let next = collector.next(); ; next = collector.next()) {
      if (next.done) {
        this.#cache = [{ ...current, cacheKey, matches: next.value }, ...this.#cache.filter(isCurrent)].slice(
          0,
          maxCachedQueries,
        )
        return next.value
      }
      yield { searchedUpTo: null }
    }
  }

  /** Null if the row is not shown, or if what matches is shown as another message. */
  #toSearchMatch(hit: HermesMatch, query: SearchQuery): SearchMatch | null {
    const { key, sessionId } = hit
    if (key.rank === 'TITLE') return { ...hit, messageId: null }
    return this.#database.read(null, (file) => {
      const entry = this.#findShownEntry(file, sessionId, key.number)
      if (!entry) return null
      const text = entry.section === 'whole' ? null : readHermesMessageText(file, key.number, entry.section)
      if (text !== null && !query.rankText(normalizeSearchText(text))) return null
      return { key, sessionId, messageId: `${sessionId}:${entry.id}` }
    })
  }

  #findShownEntry(file: StateDatabaseConnection, sessionId: string, rowid: number): HermesMessageRowIds | undefined {
    const entries = file.db
      .transaction(() => this.#visibleMessages.get(file, [sessionId]))()
      .get(sessionId)
    return entries?.find(({ contentRowId }) => contentRowId === rowid)
  }
}
