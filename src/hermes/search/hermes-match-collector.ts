import Database from 'better-sqlite3'
import { chunkArray } from '../../lib/chunk-array.ts'
import { readHermesSessions } from '../state/session-queries.ts'
import type { StateDatabaseConnection, StateDatabase } from '../state/state-database.ts'
import type { Attention } from '../../model/conversation/attention.ts'
import { matchesSessionFilter } from '../../model/session-filter.ts'
import { normalizeSearchText } from '../../search/analyzer.ts'
import { type HermesFullTextIndex, selectHermesFtsIndex } from './fts-index.ts'
import {
  type HermesSearchCandidate,
  scanHermesMessageSearchCandidates,
  queryHermesFullTextIndex,
  findGivenTitleSearchCandidates,
  scanHermesTitleSearchCandidates,
} from './candidate-queries.ts'
import { compareSearchKeys, type SearchHitSortKey, type SearchRequest } from '../../search/search-hit.ts'
import type { SearchQuery } from '../../search/search-query.ts'

/** A row that matches a query. It may turn out not to be shown. */
export interface HermesMatch {
  readonly key: SearchHitSortKey
  readonly sessionId: string
  /** Of the tip of a conversation: the title that it was given in Segue, if that is what matches. */
  readonly givenTitle?: string
}

export interface HermesSearchLimits {
  /** How many of the newest matching titles are ranked, and how many of the newest matching messages. */
  readonly maxMatches: number
  /** How many of the newest messages are scanned although there is an index: it has other terms, and not all texts. */
  readonly maxRecentRows: number
  /** How many messages are scanned where there is no usable index. */
  readonly maxRows: number
  /** How many titles are scanned. */
  readonly maxTitles: number
  /** How long titles are searched, and how long messages are, in milliseconds. */
  readonly timeLimitMs: number
}

export const defaultHermesSearchLimits: HermesSearchLimits = {
  maxMatches: 5_000,
  maxRecentRows: 10_000,
  maxRows: 200_000,
  maxTitles: 200_000,
  timeLimitMs: 500,
}

const rowsPerQuery = 200

/** Collects the matches of a query, in the order of hits. Yields every few milliseconds. */
export class HermesMatchCollector {
  readonly #limits: HermesSearchLimits
  readonly #database: StateDatabase
  readonly #profile: string
  readonly #query: SearchQuery
  readonly #filter: SearchRequest['filter']
  readonly #attentions: ReadonlyMap<string, Attention>
  readonly #hermesSettings: ReadonlyMap<string, Pick<SearchRequest['filter'], 'pinned' | 'archived'>>
  readonly #matches: HermesMatch[] = []
  /** Those whose given title matches. Their own title makes no second hit. */
  readonly #givenTitleSessions = new Set<string>()
  readonly #sessionPasses = new Map<string, boolean>()
  /** The number of matches and the time at which the current phase ends. */
  #budget = { matchCount: 0, deadline: 0 }

  constructor(
    database: StateDatabase,
    profile: string,
    query: SearchQuery,
    filter: SearchRequest['filter'],
    limits: HermesSearchLimits,
  ) {
    this.#limits = limits
    this.#database = database
    this.#profile = profile
    this.#query = query
    this.#filter = filter
    this.#hermesSettings = new Map(filter.hermesSettings)
    this.#attentions = new Map(filter.hermesAttentions)
  }

  *collect(): Generator<void, readonly HermesMatch[], void> {
    this.#resetBudget()
    yield* this.#findGivenTitles()
    yield* this.#scanTitles()
    this.#resetBudget()
    const [{ ids }, { maxRows, maxRecentRows }] = [this.#filter, this.#limits]
    if (ids) {
      for (const sessionId of new Set(ids)) yield* this.#scanMessages(sessionId, Number.MAX_SAFE_INTEGER, 0, maxRows)
    } else {
      const lowestId = yield* this.#scanMessages(null, Number.MAX_SAFE_INTEGER, 0, maxRecentRows)
      yield* this.#searchOlderMessages(lowestId)
    }
    return this.#matches.sort((a, b) => compareSearchKeys(a.key, b.key))
  }

  #resetBudget(): void {
    const { maxMatches, timeLimitMs } = this.#limits
    this.#budget = { matchCount: this.#matches.length + maxMatches, deadline: performance.now() + timeLimitMs }
  }

  get #isBudgetSpent(): boolean {
    return this.#matches.length >= this.#budget.matchCount || performance.now() > this.#budget.deadline
  }

  /** The titles are known to match: only the sessions have to be looked up. */
  *#findGivenTitles(): Generator<void, void, void> {
    const { hermesTitles = [], ids } = this.#filter
    const selected = ids ? hermesTitles.filter(([id]) => ids.includes(id)) : hermesTitles
    for (const batch of chunkArray(selected, rowsPerQuery)) {
      if (this.#isBudgetSpent) return
      this.#database.read(undefined, (file) => {
        const rows = findGivenTitleSearchCandidates(file, batch)
        for (const { sessionId } of rows) this.#givenTitleSessions.add(sessionId)
        this.#collectMatches(file, rows, () => 'TITLE', true)
      })
      yield
    }
  }

  *#scanTitles(): Generator<void, void, void> {
    const sessionIds = this.#filter.ids ?? null
    let last: number | null = Number.MAX_SAFE_INTEGER
    for (
      let scannedRows = 0;
      last !== null && scannedRows < this.#limits.maxTitles && !this.#isBudgetSpent;
      scannedRows += rowsPerQuery
    ) {
      const id: number = last
      last = this.#database.read<number | null>(null, (file) => {
        const page = scanHermesTitleSearchCandidates(file, { id, sessionIds }, rowsPerQuery)
        const rows = page.rows.filter((row) => !this.#givenTitleSessions.has(row.sessionId))
        this.#collectMatches(file, rows, (text) => (this.#query.matches(text) ? 'TITLE' : null))
        return page.last
      })
      yield
    }
  }

  /** Scans messages below an id. Returns the lowest id that it has read; 0 if there are no more. */
  *#scanMessages(
    sessionId: string | null,
    belowId: number,
    aboveId: number,
    maxRows: number,
  ): Generator<void, number, void> {
    let id = belowId
    for (let rowsLeft = maxRows; id > aboveId && rowsLeft > 0 && !this.#isBudgetSpent; rowsLeft -= rowsPerQuery) {
      id = this.#database.read(0, (file) => {
        const rows = scanHermesMessageSearchCandidates(
          file,
          { id, above: aboveId, sessionId },
          Math.min(rowsLeft, rowsPerQuery),
        )
        this.#collectMatches(file, rows, (text) => this.#query.rankText(text))
        return rows.at(-1)?.rowid ?? 0
      })
      yield
    }
    return id
  }

  /** Searches the messages below the scanned ones: with an index, if there is one, and the rows that it lacks. */
  *#searchOlderMessages(belowId: number): Generator<void, void, void> {
    if (belowId === 0) return
    const ftsIndex = this.#database.read(null, ({ db }) => selectHermesFtsIndex(db, this.#query))
    const unsearchedBelowId = ftsIndex ? yield* this.#searchFtsIndex(ftsIndex, belowId) : belowId
    if (unsearchedBelowId > 0) yield* this.#scanMessages(null, unsearchedBelowId, 0, this.#limits.maxRows)
    else if (ftsIndex?.missingRows) {
      const { above, upTo } = ftsIndex.missingRows
      yield* this.#scanMessages(null, Math.min(belowId, upTo + 1), above, this.#limits.maxRows)
    }
  }

  /** Searches messages below an id with an index. Returns the id below which the index turned out broken; else 0. */
  *#searchFtsIndex(ftsIndex: HermesFullTextIndex, belowId: number): Generator<void, number, void> {
    let id = belowId
    while (id > 0 && !this.#isBudgetSpent) {
      const queriedBelowId = id
      const { last, isBroken } = this.#database.read({ last: 0, isBroken: false }, (file) => {
        try {
          const page = queryHermesFullTextIndex(file, ftsIndex, queriedBelowId, rowsPerQuery)
          this.#collectMatches(file, page.rows, (text) => this.#query.rankText(text))
          return { last: page.last ?? 0, isBroken: false }
        } catch (error) {
          if (isFtsIndexError(error)) return { last: 0, isBroken: true }
          throw error
        }
      })
      if (isBroken) return queriedBelowId
      id = last
      yield
    }
    return 0
  }

  #collectMatches(
    file: StateDatabaseConnection,
    rows: readonly HermesSearchCandidate[],
    rankText: (text: string) => SearchHitSortKey['rank'] | null,
    isGivenTitle = false,
  ): void {
    const matches = rows.flatMap(({ rowid, sessionId, at, text }): HermesMatch[] => {
      const rank = rankText(normalizeSearchText(text))
      const key = rank && { rank, at, origin: 'HERMES' as const, number: rowid }
      return key ? [{ key, sessionId, ...(isGivenTitle && { givenTitle: text }) }] : []
    })
    this.#checkSessions(file, matches)
    this.#matches.push(...matches.filter(({ sessionId }) => this.#sessionPasses.get(sessionId) === true))
  }

  /** Finds out which sessions of these matches exist and pass the filter. */
  #checkSessions(file: StateDatabaseConnection, matches: readonly HermesMatch[]): void {
    const uncheckedIds = new Set(matches.map(({ sessionId }) => sessionId).filter((id) => !this.#sessionPasses.has(id)))
    for (const batch of chunkArray([...uncheckedIds], rowsPerQuery)) {
      for (const id of batch) this.#sessionPasses.set(id, false)
      for (const { record } of readHermesSessions(file, batch, this.#profile)) {
        const attention = this.#attentions.get(record.id) ?? 'IDLE'
        const session = { ...record, ...this.#hermesSettings.get(record.id), attention }
        this.#sessionPasses.set(record.id, matchesSessionFilter(session, this.#filter))
      }
    }
  }
}

/** Whether only the index is at fault: it is corrupt, or needs what this SQLite does not have. */
function isFtsIndexError(error: unknown): boolean {
  return error instanceof Database.SqliteError && ['SQLITE_ERROR', 'SQLITE_CORRUPT_VTAB'].includes(error.code)
}
