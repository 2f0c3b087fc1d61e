import { compareSearchKeys, type SearchHitSortKey } from './search-hit.ts'
import type { SearchMatch, SearchStepResult } from './search-source.ts'

/** The first matches of all sources. `searchedUpTo`: where the search was cut short; null if it was not. */
export interface MergedSearchHits {
  readonly matches: readonly SearchMatch[]
  readonly searchedUpTo: SearchHitSortKey | null
}

/**
 * Merges the ordered matches of several sources, up to `limit`. Yields after each step. Past the deadline, ends as soon as
 * every source has reported a position, with the matches that are certain by then.
 */
export function* mergeSearchHits(
  sources: readonly Generator<SearchStepResult, void, void>[],
  { limit, backwards }: { readonly limit: number; readonly backwards: boolean },
  isPastDeadline: () => boolean,
): Generator<void, MergedSearchHits, void> {
  const compare = (a: SearchHitSortKey, b: SearchHitSortKey): number =>
    backwards ? compareSearchKeys(b, a) : compareSearchKeys(a, b)
  const cursors = sources.map((steps) => new HitCursor(steps))
  const matches: SearchMatch[] = []
  while (matches.length < limit) {
    const pending = cursors.filter(({ isPending }) => isPending)
    const reachedKeys = pending.map((cursor) => cursor.searchedUpTo)
    const first = cursors
      .flatMap(({ next }) => next ?? [])
      .toSorted((a, b) => compare(a.key, b.key))
      .at(0)
    if (first && reachedKeys.every((key) => key !== null && compare(first.key, key) < 0)) {
      matches.push(first)
      for (const cursor of cursors) cursor.consume(first)
    } else if (pending.length === 0) {
      break
    } else if (isPastDeadline() && reachedKeys.every((key) => key !== null)) {
      return { matches, searchedUpTo: reachedKeys.toSorted(compare)[0] ?? null }
    } else {
      for (const cursor of pending) cursor.advance()
      yield
    }
  }
  return { matches, searchedUpTo: null }
}

/** The position in one source: its next match, or how far it has searched without finding one. */
class HitCursor {
  readonly #progress: Generator<SearchStepResult, void, void>
  next: SearchMatch | null = null
  searchedUpTo: SearchHitSortKey | null = null
  #isDone = false

  constructor(progress: Generator<SearchStepResult, void, void>) {
    this.#progress = progress
  }

  /** Whether the next match is not known yet. */
  get isPending(): boolean {
    return this.next === null && !this.#isDone
  }

  advance(): void {
    const { done, value } = this.#progress.next()
    if (done) this.#isDone = true
    else if ('match' in value) this.next = value.match
    else this.searchedUpTo = value.searchedUpTo ?? this.searchedUpTo
  }

  /** Moves past a match if it is the next one of this source. */
  consume(match: SearchMatch): void {
    if (this.next !== match) return
    this.next = null
    this.searchedUpTo = match.key
  }
}
