import type { Origin } from '../model/session.ts'
import { mergeSearchHits } from './merge-search-hits.ts'
import type { SearchHit, SearchPage, SearchRequest } from './search-hit.ts'
import { SearchQuery } from './search-query.ts'
import { createSnippet } from './snippet.ts'
import type { SearchSource } from './search-source.ts'
import { yieldToEventLoop } from '../lib/async/yield-to-event-loop.ts'

/** A search that takes longer returns what it has found, and where it was cut short. */
const defaultTimeoutMs = 2_000
const timeSliceMs = 5 // then the other searches continue

/** Runs the searches of a profile. Concurrent ones take turns every few milliseconds. */
export class SearchRunner {
  readonly #sources: ReadonlyMap<Origin, SearchSource>
  readonly #timeoutMs: number

  constructor(sources: ReadonlyMap<Origin, SearchSource>, timeoutMs: number = defaultTimeoutMs) {
    this.#sources = sources
    this.#timeoutMs = timeoutMs
  }

  /** Rejects with the signal's reason if it is aborted. */
  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const steps = this.#searchPage(request)
    for (let sliceStart = performance.now(); ;) {
      const { done, value } = steps.next()
      if (done) return value
      if (performance.now() - sliceStart < timeSliceMs) continue
      await yieldToEventLoop()
      signal.throwIfAborted()
      sliceStart = performance.now()
    }
  }

  close(): void {
    for (const source of this.#sources.values()) source.close()
  }

  *#searchPage({ query: text, filter, ...range }: SearchRequest): Generator<void, SearchPage, void> {
    const deadline = performance.now() + this.#timeoutMs
    const query = new SearchQuery(text)
    const sources = [...this.#sources].filter(([origin]) => (filter.origin ?? origin) === origin)
    const runs = sources.map(([, source]) => source.search(query, filter, range))
    const { matches, searchedUpTo } = yield* mergeSearchHits(runs, range, () => performance.now() > deadline)
    const hits: SearchHit[] = []
    for (const match of matches) {
      const messageText = yield* this.#sources.get(match.key.origin)?.readText(match) ?? []
      const { key, sessionId, messageId } = match
      if (typeof messageText === 'string')
        hits.push({ key, sessionId, messageId, snippet: createSnippet(messageText, query) })
      yield
    }
    return { hits: range.backwards ? hits.reverse() : hits, searchedUpTo }
  }
}
