import { compareSearchKeys, type SearchKey } from './search-hit.ts'
import type { SearchMatch, SearchProgress } from './search-source.ts'

/** What walks have come to: hits in order, and how far, when that was not to the end. */
export interface MergedHits {
  readonly matches: readonly SearchMatch[]
  readonly searchedUpTo: SearchKey | null
}

/**
 * The first hits of several walks in their common order. Yields after each step, and ends early when `isLate`, with what
 * is certain by then: at least as much as lies before the first that each walk tells.
 */
export function* mergeHits(
  sources: readonly Generator<SearchProgress, void, void>[],
  { limit, backwards }: { readonly limit: number; readonly backwards: boolean },
  isPastDeadline: () => boolean,
): Generator<void, MergedHits, void> {
  const compare = (a: SearchKey, b: SearchKey): number =>
    backwards ? compareSearchKeys(b, a) : compareSearchKeys(a, b)
  const cursors = sources.map((steps) => new HitCursor(steps))
  const matches: SearchMatch[] = []
  while (matches.length < limit) {
    const pending = cursors.filter(({ isPending: isOnItsWay }) => isOnItsWay)
    const reachedKeys = pending.map((walker) => walker.searchedUpTo)
    const first = cursors
      .flatMap(({ next }) => next ?? [])
      .toSorted((a, b) => compare(a.key, b.key))
      .at(0)
    if (first && reachedKeys.every((key) => key !== null && compare(first.key, key) < 0)) {
      matches.push(first)
      for (const walker of cursors) walker.consume(first)
    } else if (pending.length === 0) {
      break
    } else if (isPastDeadline() && reachedKeys.every((key) => key !== null)) {
      return { matches, searchedUpTo: reachedKeys.toSorted(compare)[0] ?? null }
    } else {
      for (const walker of pending) walker.advance()
      yield
    }
  }
  return { matches, searchedUpTo: null }
}

/** One walk: its next hit, or how far it has come without one. */
class HitCursor {
  readonly #progress: Generator<SearchProgress, void, void>
  next: SearchMatch | null = null
  searchedUpTo: SearchKey | null = null
  #isDone = false

  constructor(progress: Generator<SearchProgress, void, void>) {
    this.#progress = progress
  }

  /** Which hit is its next one is not known yet. */
  get isPending(): boolean {
    return this.next === null && !this.#isDone
  }

  advance(): void {
    const { done, value } = this.#progress.next()
    if (done) this.#isDone = true
    else if ('match' in value) this.next = value.match
    else this.searchedUpTo = value.searchedUpTo ?? this.searchedUpTo
  }

  /** Goes on behind its next hit, if it is this one. */
  consume(match: SearchMatch): void {
    if (this.next !== match) return
    this.next = null
    this.searchedUpTo = match.key
  }
}
