import { bestFirst, type SearchKey } from './search-hit.ts'
import type { Found, Step } from './search-source.ts'

/** What walks have come to: hits in order, and how far, when that was not to the end. */
export interface Collected {
  readonly found: readonly Found[]
  readonly reached: SearchKey | null
}

/**
 * The first hits of several walks in their common order. Yields after each step, and ends early when `isLate`, with what
 * is certain by then: at least as much as lies before the first that each walk tells.
 */
export function* merged(
  walks: readonly Generator<Step, void, void>[],
  { limit, backwards }: { readonly limit: number; readonly backwards: boolean },
  isLate: () => boolean,
): Generator<void, Collected, void> {
  const order = (a: SearchKey, b: SearchKey): number => (backwards ? bestFirst(b, a) : bestFirst(a, b))
  const walkers = walks.map((steps) => new Walker(steps))
  const found: Found[] = []
  while (found.length < limit) {
    const onTheirWay = walkers.filter(({ isOnItsWay }) => isOnItsWay)
    const reached = onTheirWay.map((walker) => walker.reached)
    const first = walkers
      .flatMap(({ next }) => next ?? [])
      .toSorted((a, b) => order(a.key, b.key))
      .at(0)
    if (first && reached.every((key) => key !== null && order(first.key, key) < 0)) {
      found.push(first)
      for (const walker of walkers) walker.leave(first)
    } else if (onTheirWay.length === 0) {
      break
    } else if (isLate() && reached.every((key) => key !== null)) {
      return { found, reached: reached.toSorted(order)[0] ?? null }
    } else {
      for (const walker of onTheirWay) walker.step()
      yield
    }
  }
  return { found, reached: null }
}

/** One walk: its next hit, or how far it has come without one. */
class Walker {
  readonly #steps: Generator<Step, void, void>
  next: Found | null = null
  reached: SearchKey | null = null
  #isOver = false

  constructor(steps: Generator<Step, void, void>) {
    this.#steps = steps
  }

  /** Which hit is its next one is not known yet. */
  get isOnItsWay(): boolean {
    return this.next === null && !this.#isOver
  }

  step(): void {
    const { done, value } = this.#steps.next()
    if (done) this.#isOver = true
    else if ('found' in value) this.next = value.found
    else this.reached = value.reached ?? this.reached
  }

  /** Goes on behind its next hit, if it is this one. */
  leave(found: Found): void {
    if (this.next !== found) return
    this.next = null
    this.reached = found.key
  }
}
