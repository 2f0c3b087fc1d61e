import { ShownMessages } from '../messages/visible-message-cache.ts'
import type { OpenFile, StateFile } from '../state/state-database.ts'
import { textOf } from '../state/cell-values.ts'
import { type HermesLimits, hermesLimits, HermesHits, type Hit } from './match-collector.ts'
import { saidInRow } from './candidate-queries.ts'
import { isInRange, type SearchRange, type SearchRequest } from '../../search/search-hit.ts'
import type { SearchQuery } from '../../search/search-query.ts'
import type { Found, Searched, Step } from '../../search/search-source.ts'

const mostKept = 8 // queries

/** What a query has found in a file, as it was at some version of it. */
interface Kept {
  readonly file: OpenFile
  readonly version: unknown
  readonly name: string
  readonly hits: readonly Hit[]
}

/**
 * The search in a Hermes state.db, to be run in a thread of its own. What it finds are messages as they are shown: by the
 * oldest row that tells them, and none that was taken back, hidden, or copied by a compaction. What a query finds is kept
 * until the file changes, for its next pages.
 */
export class HermesSearch implements Searched {
  readonly #limits: HermesLimits
  readonly #file: StateFile
  readonly #profile: string
  readonly #shown = new ShownMessages()
  #kept: readonly Kept[] = []

  constructor(file: StateFile, profile: string, limits: HermesLimits = hermesLimits) {
    this.#limits = limits
    this.#file = file
    this.#profile = profile
  }

  *walk(query: SearchQuery, filter: SearchRequest['filter'], range: SearchRange): Generator<Step, void, void> {
    if (query.isEmpty) return
    const hits = yield* this.#hits(query, filter)
    for (const hit of range.backwards ? hits.toReversed() : hits) {
      if (!isInRange(hit.key, range)) continue
      const found = this.#found(hit)
      yield found ? { found } : { reached: hit.key }
    }
  }

  *textOf({ key, sessionId }: Found): Generator<void, string | null, void> {
    yield
    return this.#file.read(null, (file) => {
      if (key.rank !== 'TITLE') return saidInRow(file, key.number)
      const sql = `SELECT ${file.layout.select('sessions', ['title'])} FROM sessions WHERE sessions.id = ?`
      return textOf(file.db.prepare<[string], { title: unknown }>(sql).get(sessionId)?.title)
    })
  }

  close(): void {
    this.#file.close()
  }

  *#hits(query: SearchQuery, filter: SearchRequest['filter']): Generator<Step, readonly Hit[], void> {
    const name = JSON.stringify([query, filter])
    const now = this.#file.read(null, (file) => ({ file, version: file.db.pragma('data_version', { simple: true }) }))
    if (!now) return []
    const isCurrent = ({ file, version }: Kept): boolean => file === now.file && version === now.version
    const kept = this.#kept.find((each) => each.name === name && isCurrent(each))
    if (kept) return kept.hits
    const collecting = new HermesHits(this.#file, this.#profile, query, filter, this.#limits).collect()
    for (let next = collecting.next(); ; next = collecting.next()) {
      if (next.done) {
        this.#kept = [{ ...now, name, hits: next.value }, ...this.#kept.filter(isCurrent)].slice(0, mostKept)
        return next.value
      }
      yield { reached: null }
    }
  }

  /** The hit as it is shown; null for one that is not. */
  #found({ key, sessionId }: Hit): Found | null {
    if (key.rank === 'TITLE') return { key, sessionId, messageId: null }
    return this.#file.read(null, (file) => {
      const entries = file.db
        .transaction(() => this.#shown.of(file, [sessionId]))()
        .get(sessionId)
      const entry = entries?.find(({ row }) => row === key.number)
      return entry ? { key, sessionId, messageId: `${sessionId}:${entry.id}` } : null
    })
  }
}
