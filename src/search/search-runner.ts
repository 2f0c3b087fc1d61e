import { setImmediate as breathe } from 'node:timers/promises'
import type { Origin } from '../model/records.ts'
import { merged } from './merge-hits.ts'
import type { SearchHit, SearchPage, SearchRequest } from './search-hit.ts'
import { SearchQuery } from './search-query.ts'
import { snippet } from './snippet.ts'
import type { Searched } from './search-source.ts'

/** After that a search answers with what it has found, and how far it came. */
const patience = 2_000 // milliseconds
const turn = 5 // milliseconds that a search works before the others have their turn

/** Runs searches over the files of a profile, side by side, a few milliseconds of each after the other. */
export class SearchRunner {
  readonly #files: ReadonlyMap<Origin, Searched>
  readonly #patience: number

  constructor(files: ReadonlyMap<Origin, Searched>, patienceMs: number = patience) {
    this.#files = files
    this.#patience = patienceMs
  }

  /** Rejects with the signal's reason when it is aborted. */
  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const steps = this.#page(request)
    for (let begun = performance.now(); ;) {
      const { done, value } = steps.next()
      if (done) return value
      if (performance.now() - begun < turn) continue
      await breathe()
      signal.throwIfAborted()
      begun = performance.now()
    }
  }

  close(): void {
    for (const file of this.#files.values()) file.close()
  }

  *#page({ query: text, filter, ...range }: SearchRequest): Generator<void, SearchPage, void> {
    const deadline = performance.now() + this.#patience
    const query = new SearchQuery(text)
    const files = [...this.#files].filter(([origin]) => (filter.origin ?? origin) === origin)
    const walks = files.map(([, file]) => file.walk(query, filter, range))
    const { found, reached } = yield* merged(walks, range, () => performance.now() > deadline)
    const hits: SearchHit[] = []
    for (const each of found) {
      const said = yield* this.#files.get(each.key.origin)?.textOf(each) ?? []
      if (typeof said === 'string') hits.push({ ...each, snippet: snippet(said, query) })
      yield
    }
    return { hits: range.backwards ? hits.reverse() : hits, reached }
  }
}
