import Database from 'better-sqlite3'
import { chunksOf } from '../../lib/chunk.ts'
import { readSessions } from '../state/session-queries.ts'
import type { OpenFile, StateFile } from '../state/state-database.ts'
import { passes } from '../../storage/keyset-pagination.ts'
import { folded } from '../../search/analyzer.ts'
import { type FullText, fullTextFor } from './fts-index.ts'
import { type Candidate, messagesBelow, messagesFound, titlesBelow } from './candidate-queries.ts'
import { bestFirst, type SearchKey, type SearchRequest } from '../../search/search-hit.ts'
import type { SearchQuery } from '../../search/search-query.ts'

/** A row that answers a query. Whether people see it is still to be looked at. */
export interface Hit {
  readonly key: SearchKey
  readonly sessionId: string
}

export interface HermesLimits {
  /** Of all titles, and of all messages, that answer a query the newest so many are ranked. */
  readonly hits: number
  /** So many of the newest rows are read themselves, whatever index there is: it knows other words, and not all texts. */
  readonly newestRows: number
  /** So many are read where there is no index that can be trusted. */
  readonly rows: number
  readonly titles: number
  /** After so many milliseconds of titles, and as many of messages, what was found has to do. */
  readonly patience: number
}

export const hermesLimits: HermesLimits = {
  hits: 5_000,
  newestRows: 10_000,
  rows: 200_000,
  titles: 200_000,
  patience: 500,
}

const rowsAtOnce = 200

/** What a query finds in a state.db, in the order of hits. Yields between two steps of some milliseconds. */
export class HermesHits {
  readonly #limits: HermesLimits
  readonly #file: StateFile
  readonly #profile: string
  readonly #query: SearchQuery
  readonly #filter: SearchRequest['filter']
  readonly #hits: Hit[] = []
  readonly #passing = new Map<string, boolean>()
  /** How many hits, and what time, are enough for now. */
  #enough = { hits: 0, at: 0 }

  constructor(
    file: StateFile,
    profile: string,
    query: SearchQuery,
    filter: SearchRequest['filter'],
    limits: HermesLimits,
  ) {
    this.#limits = limits
    this.#file = file
    this.#profile = profile
    this.#query = query
    this.#filter = filter
  }

  *collect(): Generator<void, readonly Hit[], void> {
    this.#begin()
    yield* this.#titles()
    this.#begin()
    const [{ ids }, { rows, newestRows }] = [this.#filter, this.#limits]
    if (ids) {
      for (const sessionId of new Set(ids)) yield* this.#messages(sessionId, Number.MAX_SAFE_INTEGER, 0, rows)
    } else {
      const lowest = yield* this.#messages(null, Number.MAX_SAFE_INTEGER, 0, newestRows)
      yield* this.#older(lowest)
    }
    return this.#hits.sort((a, b) => bestFirst(a.key, b.key))
  }

  #begin(): void {
    const { hits, patience } = this.#limits
    this.#enough = { hits: this.#hits.length + hits, at: performance.now() + patience }
  }

  get #isOver(): boolean {
    return this.#hits.length >= this.#enough.hits || performance.now() > this.#enough.at
  }

  *#titles(): Generator<void, void, void> {
    const sessionIds = this.#filter.ids ?? null
    let last: number | null = Number.MAX_SAFE_INTEGER
    for (let seen = 0; last !== null && seen < this.#limits.titles && !this.#isOver; seen += rowsAtOnce) {
      const id: number = last
      last = this.#file.read<number | null>(null, (file) => {
        const page = titlesBelow(file, { id, sessionIds }, rowsAtOnce)
        this.#take(file, page.rows, (text) => (this.#query.isIn(text) ? 'TITLE' : null))
        return page.last
      })
      yield
    }
  }

  /** Looks at rows below an id. Returns the lowest that it looked at; 0 when there are no more. */
  *#messages(sessionId: string | null, below: number, above: number, most: number): Generator<void, number, void> {
    let id = below
    for (let left = most; id > above && left > 0 && !this.#isOver; left -= rowsAtOnce) {
      id = this.#file.read(0, (file) => {
        const rows = messagesBelow(file, { id, above, sessionId }, Math.min(left, rowsAtOnce))
        this.#take(file, rows, (text) => this.#query.rankOf(text))
        return rows.at(-1)?.row ?? 0
      })
      yield
    }
    return id
  }

  /** What is older than the rows that were read themselves: by an index, and what is missing from it. */
  *#older(lowest: number): Generator<void, void, void> {
    if (lowest === 0) return
    const fullText = this.#file.read(null, ({ db }) => fullTextFor(db, this.#query))
    const rest = fullText ? yield* this.#indexed(fullText, lowest) : lowest
    if (rest > 0) yield* this.#messages(null, rest, 0, this.#limits.rows)
    else if (fullText?.gap) {
      const { above, upTo } = fullText.gap
      yield* this.#messages(null, Math.min(lowest, upTo + 1), above, this.#limits.rows)
    }
  }

  /** Looks at the rows below an id that an index finds. Returns the lowest when it turns out broken there, else 0. */
  *#indexed(fullText: FullText, lowest: number): Generator<void, number, void> {
    let id = lowest
    while (id > 0 && !this.#isOver) {
      const below = id
      const { last, isBroken } = this.#file.read({ last: 0, isBroken: false }, (file) => {
        try {
          const page = messagesFound(file, fullText, below, rowsAtOnce)
          this.#take(file, page.rows, (text) => this.#query.rankOf(text))
          return { last: page.last ?? 0, isBroken: false }
        } catch (error) {
          if (isOfIndex(error)) return { last: 0, isBroken: true }
          throw error
        }
      })
      if (isBroken) return below
      id = last
      yield
    }
    return 0
  }

  #take(file: OpenFile, rows: readonly Candidate[], rankOf: (text: string) => SearchKey['rank'] | null): void {
    const found = rows.flatMap(({ row, sessionId, at, text }): Hit[] => {
      const rank = rankOf(folded(text))
      return rank ? [{ key: { rank, at, origin: 'HERMES', number: row }, sessionId }] : []
    })
    this.#lookAt(file, found)
    this.#hits.push(...found.filter(({ sessionId }) => this.#passing.get(sessionId) === true))
  }

  /** Looks whether the sessions of these hits are there and pass the filter. */
  #lookAt(file: OpenFile, hits: readonly Hit[]): void {
    const unknown = new Set(hits.map(({ sessionId }) => sessionId).filter((id) => !this.#passing.has(id)))
    for (const some of chunksOf([...unknown], rowsAtOnce)) {
      for (const id of some) this.#passing.set(id, false)
      for (const session of readSessions(file, some, this.#profile)) {
        this.#passing.set(session.id, passes(session, this.#filter))
      }
    }
  }
}

/** A fault of the index alone: it is damaged, or cannot be served by this SQLite. */
function isOfIndex(error: unknown): boolean {
  return error instanceof Database.SqliteError && ['SQLITE_ERROR', 'SQLITE_CORRUPT_VTAB'].includes(error.code)
}
