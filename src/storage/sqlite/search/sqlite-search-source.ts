import { loadSegueMessageText } from '../tables/load-segue-message-text.ts'
import { toFtsExpression } from './fts-expression.ts'
import type { SearchIndexItemKind } from './search-index.ts'
import {
  findEntryNumberSince,
  findFirstSearchEntry,
  findMessagePassageRange,
  hasMatchingSearchEntry,
  hasSessionsInChannels,
  listSessionSearchEntries,
  readEntryNumberBounds,
  searchEntriesByNumber,
  searchEntriesInRange,
  type SearchEntryRange,
  type SearchEntryRow,
} from './find-search-entries.ts'
import type { ReadOnlySegueDatabase } from './read-only-segue-database.ts'
import { findGivenTitleEntryOfTip, findTitleOfEntry } from './searchable-titles.ts'
import {
  isWithinSearchPage,
  type SearchHitSortKey,
  type SearchPageBounds,
  type SearchRequest,
} from '../../../search/search-hit.ts'
import { type SearchQuery, type SearchRank, searchRanks } from '../../../search/search-query.ts'
import {
  SearchIndexDamagedError,
  type SearchMatch,
  type SearchSource,
  type SearchStepResult,
} from '../../../search/search-source.ts'
import { StorageError } from '../../errors.ts'

/** The size of the range that one statement scans: a few milliseconds, a tenth of a second at worst. */
const entriesPerQuery = 200_000
/** Larger for a prefix, because every statement first collects all terms with that prefix. */
const entriesPerPrefixQuery = 2_000_000
const maxHitsPerQuery = 100
const fewSessionsLimits = { sessions: 1_000, messages: 20_000 }

/** The result of one statement: its matches, and the last entry that it has scanned. */
interface EntryBatch {
  readonly rows: readonly SearchEntryRow[]
  readonly lastNumber: number
}

interface SearchContext {
  readonly query: SearchQuery
  readonly filter: SearchRequest['filter']
  readonly range: SearchPageBounds
  /** The entries to read one by one, if they are few; else null. */
  readonly listedNumbers: Readonly<Record<SearchIndexItemKind, readonly number[] | null>>
}

/** Searches Segue's messages and titles with the FTS5 index; runs in the search worker. */
export class SqliteSearchSource implements SearchSource {
  readonly #database: ReadOnlySegueDatabase

  constructor(database: ReadOnlySegueDatabase) {
    this.#database = database
  }

  *search(...request: Parameters<SearchSource['search']>): Generator<SearchStepResult, void, void> {
    try {
      yield* this.#search(...request)
    } catch (error) {
      if (!(error instanceof StorageError && error.failure === 'CORRUPT')) throw error
      throw new SearchIndexDamagedError('The search index is damaged.', { cause: error })
    }
  }

  *#search(
    query: SearchQuery,
    filter: SearchRequest['filter'],
    range: SearchPageBounds,
  ): Generator<SearchStepResult, void, void> {
    if (query.isEmpty || !this.#database.tryOpen()) return
    // Filters for the channels of Hermes rarely match any session of Segue.
    if (filter.channels && !hasSessionsInChannels(this.#database, filter.channels)) return
    const listedNumbers = {
      message: listSessionSearchEntries(this.#database, 'message', filter, fewSessionsLimits),
      title: listSessionSearchEntries(this.#database, 'title', filter, fewSessionsLimits),
    }
    for (const rank of range.backwards ? searchRanks.toReversed() : searchRanks) {
      for (const { rows, lastNumber } of this.#findBatches(rank, { query, filter, range, listedNumbers })) {
        for (const row of rows) {
          const match = toSearchMatch(rank, row)
          if (isWithinSearchPage(match.key, range) && this.#isBestEntry(query, rank, row)) yield { match }
        }
        const at = findFirstSearchEntry(this.#database, toIndexedKind(rank), lastNumber)?.at
        yield { searchedUpTo: at === undefined ? null : { rank, at, origin: 'SEGUE', number: lastNumber } }
      }
    }
  }

  *readText({ key, sessionId, messageId }: SearchMatch): Generator<void, string | null, void> {
    if (messageId !== null) return yield* loadSegueMessageText(this.#database, messageId)
    return findTitleOfEntry(this.#database, sessionId, key.number)
  }

  close(): void {
    this.#database.close()
  }

  *#findBatches(
    rank: SearchRank,
    { query, filter, range, listedNumbers }: SearchContext,
  ): Generator<EntryBatch, void, void> {
    const [kind, expression] = [toIndexedKind(rank), toFtsExpression(query, rank)]
    if (expression === null) return
    const entryRange = this.#toEntryRange(rank, range)
    if (listedNumbers[kind]) yield* this.#scanListed(kind, expression, listedNumbers[kind], entryRange, range.backwards)
    else {
      const size = query.fullPhrase.isPrefix && rank !== 'PHRASE' ? entriesPerPrefixQuery : entriesPerQuery
      yield* this.#scanRange(kind, { expression, filter }, entryRange, range.backwards, size)
    }
  }

  *#scanRange(
    kind: SearchIndexItemKind,
    search: { readonly expression: string; readonly filter: SearchRequest['filter'] },
    range: SearchEntryRange,
    backwards: boolean,
    rangeSize: number,
  ): Generator<EntryBatch, void, void> {
    let { from, to } = range
    while (from <= to) {
      const next: SearchEntryRange = backwards
        ? { from, to: Math.min(to, from + rangeSize - 1) }
        : { from: Math.max(from, to - rangeSize + 1), to }
      const rows = searchEntriesInRange(this.#database, kind, search, next, backwards, maxHitsPerQuery)
      const isFull = rows.length === maxHitsPerQuery
      const lastNumber = (isFull ? rows.at(-1)?.number : undefined) ?? (backwards ? next.to : next.from)
      yield { rows, lastNumber }
      if (backwards) from = lastNumber + 1
      else to = lastNumber - 1
    }
  }

  *#scanListed(
    kind: SearchIndexItemKind,
    expression: string,
    listedNumbers: readonly number[],
    { from, to }: SearchEntryRange,
    backwards: boolean,
  ): Generator<EntryBatch, void, void> {
    const selected = listedNumbers
      .filter((number) => number >= from && number <= to)
      .toSorted((a, b) => (backwards ? a - b : b - a))
    for (let start = 0; start < selected.length; start += maxHitsPerQuery * 5) {
      const batch = selected.slice(start, start + maxHitsPerQuery * 5)
      yield {
        rows: searchEntriesByNumber(this.#database, kind, expression, batch, backwards),
        lastNumber: batch.at(-1) ?? 0,
      }
    }
  }

  /** The entries that can contain the hits of a rank in a range. */
  #toEntryRange(rank: SearchRank, { after, before }: SearchPageBounds): SearchEntryRange {
    const all = readEntryNumberBounds(this.#database, toIndexedKind(rank))
    const to = after ? this.#rangeAroundKey(rank, after, all).to : all.to
    const from = before ? this.#rangeAroundKey(rank, before, all).from : all.from
    return { from: Math.max(all.from, from), to: Math.min(all.to, to) }
  }

  /** Where the entries of a rank are relative to a key: those after it go up to `to`, those before it begin at `from`. */
  #rangeAroundKey(rank: SearchRank, key: SearchHitSortKey, all: SearchEntryRange): SearchEntryRange {
    const rankDistance = searchRanks.indexOf(key.rank) - searchRanks.indexOf(rank)
    if (rankDistance < 0) return { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY }
    if (rankDistance > 0) return { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
    if (key.origin === 'SEGUE') return { from: key.number + 1, to: key.number - 1 }
    const from = findEntryNumberSince(this.#database, toIndexedKind(rank), key.at, all)
    return { from, to: from - 1 }
  }

  /**
   * Of the passages of a message that match, only one becomes a hit: the last one of the best rank. Of the two titles of a
   * session, the one that its conversation was given.
   */
  #isBestEntry(query: SearchQuery, rank: SearchRank, row: SearchEntryRow): boolean {
    const { number, messageId, sessionId, isPassage } = row
    if (messageId === null) return !this.#isGivenTitleBetter(query, sessionId, number)
    if (!isPassage) return true
    const { from, to } = findMessagePassageRange(this.#database, messageId)
    const hasPassage = (each: SearchRank, range: SearchEntryRange): boolean => {
      const expression = toFtsExpression(query, each)
      return expression !== null && hasMatchingSearchEntry(this.#database, 'message', expression, range)
    }
    const betterRanks = searchRanks.slice(searchRanks.indexOf('PHRASE'), searchRanks.indexOf(rank))
    return !betterRanks.some((each) => hasPassage(each, { from, to })) && !hasPassage(rank, { from: number + 1, to })
  }

  #isGivenTitleBetter(query: SearchQuery, sessionId: string, number: number): boolean {
    const given = findGivenTitleEntryOfTip(this.#database, sessionId)
    const expression = toFtsExpression(query, 'TITLE')
    if (given === null || given === number || expression === null) return false
    return hasMatchingSearchEntry(this.#database, 'title', expression, { from: given, to: given })
  }
}

function toIndexedKind(rank: SearchRank): SearchIndexItemKind {
  return rank === 'TITLE' ? 'title' : 'message'
}

function toSearchMatch(rank: SearchRank, { number, at, sessionId, messageId }: SearchEntryRow): SearchMatch {
  return { key: { rank, at, origin: 'SEGUE', number }, sessionId, messageId }
}
