import { saidInMessage } from '../rows/message-text-reader.ts'
import type { Kind } from './search-index.ts'
import {
  allNumbers,
  entriesAmong,
  entriesIn,
  type EntryRow,
  fewNumbers,
  finds,
  firstNumberFrom,
  hasAny,
  type Numbers,
  numbersOf,
  timeFrom,
} from './index-queries.ts'
import type { OwnFile } from './read-only-database.ts'
import { isInRange, type SearchKey, type SearchRange, type SearchRequest } from '../../../search/search-hit.ts'
import { type Rank, ranks, type SearchQuery } from '../../../search/search-query.ts'
import type { Found, Searched, Step } from '../../../search/search-source.ts'

/** How many numbers one statement looks at: some milliseconds' worth, a tenth of a second's at the worst. */
const window = 200_000
/** More where the last word may be a beginning: each statement gathers all words that begin so first. */
const windowOfBeginnings = 2_000_000
const hitsAtOnce = 100
const few = { sessions: 1_000, messages: 20_000 }

/** One statement's worth of a walk: what it found, and the last number that it looked at. */
interface Stretch {
  readonly rows: readonly EntryRow[]
  readonly last: number
}

interface Walk {
  readonly query: SearchQuery
  readonly filter: SearchRequest['filter']
  readonly range: SearchRange
  /** The numbers to look at one by one, where they are few. */
  readonly listed: Readonly<Record<Kind, readonly number[] | null>>
}

/** The search in what is kept here, by its index, to be run in a thread of its own. */
export class OwnSearch implements Searched {
  readonly #file: OwnFile

  constructor(file: OwnFile) {
    this.#file = file
  }

  *walk(query: SearchQuery, filter: SearchRequest['filter'], range: SearchRange): Generator<Step, void, void> {
    if (query.isEmpty || !this.#file.open()) return
    // Nothing of Hermes' channels is kept here, as a rule.
    if (filter.channels && !hasAny(this.#file, filter.channels)) return
    const listed = {
      message: fewNumbers(this.#file, 'message', filter, few),
      title: fewNumbers(this.#file, 'title', filter, few),
    }
    for (const rank of range.backwards ? ranks.toReversed() : ranks) {
      for (const { rows, last } of this.#stretches(rank, { query, filter, range, listed })) {
        for (const row of rows) {
          const found = foundBy(rank, row)
          if (isInRange(found.key, range) && this.#isBest(query, rank, row)) yield { found }
        }
        const at = timeFrom(this.#file, kindOf(rank), last)?.at
        yield { reached: at === undefined ? null : { rank, at, origin: 'SEGUE', number: last } }
      }
    }
  }

  *textOf({ sessionId, messageId }: Found): Generator<void, string | null, void> {
    if (messageId !== null) return yield* saidInMessage(this.#file, messageId)
    const sql = 'SELECT title FROM sessions WHERE id = ?'
    return this.#file.prepare<[string], { title: string | null }>(sql).get(sessionId)?.title ?? null
  }

  close(): void {
    this.#file.close()
  }

  *#stretches(rank: Rank, { query, filter, range, listed }: Walk): Generator<Stretch, void, void> {
    const [kind, expression] = [kindOf(rank), query.expression(rank)]
    if (expression === null) return
    const numbers = this.#numbers(rank, range)
    if (listed[kind]) yield* this.#among(kind, expression, listed[kind], numbers, range.backwards)
    else {
      const size = query.literal.open && rank !== 'LITERAL' ? windowOfBeginnings : window
      yield* this.#windows(kind, { expression, filter }, numbers, range.backwards, size)
    }
  }

  *#windows(
    kind: Kind,
    search: { readonly expression: string; readonly filter: SearchRequest['filter'] },
    numbers: Numbers,
    backwards: boolean,
    size: number,
  ): Generator<Stretch, void, void> {
    let { from, to } = numbers
    while (from <= to) {
      const next: Numbers = backwards
        ? { from, to: Math.min(to, from + size - 1) }
        : { from: Math.max(from, to - size + 1), to }
      const rows = entriesIn(this.#file, kind, search, next, backwards, hitsAtOnce)
      const isCut = rows.length === hitsAtOnce
      const last = (isCut ? rows.at(-1)?.number : undefined) ?? (backwards ? next.to : next.from)
      yield { rows, last }
      if (backwards) from = last + 1
      else to = last - 1
    }
  }

  *#among(
    kind: Kind,
    expression: string,
    listed: readonly number[],
    { from, to }: Numbers,
    backwards: boolean,
  ): Generator<Stretch, void, void> {
    const wanted = listed
      .filter((number) => number >= from && number <= to)
      .toSorted((a, b) => (backwards ? a - b : b - a))
    for (let start = 0; start < wanted.length; start += hitsAtOnce * 5) {
      const some = wanted.slice(start, start + hitsAtOnce * 5)
      yield { rows: entriesAmong(this.#file, kind, expression, some, backwards), last: some.at(-1) ?? 0 }
    }
  }

  /** The numbers among which a rank's hits in a range lie. */
  #numbers(rank: Rank, { after, before }: SearchRange): Numbers {
    const all = allNumbers(this.#file, kindOf(rank))
    const to = after ? this.#around(rank, after, all).to : all.to
    const from = before ? this.#around(rank, before, all).from : all.from
    return { from: Math.max(all.from, from), to: Math.min(all.to, to) }
  }

  /** The numbers of a rank's hits around a key: those behind it go up to `to`, those before it begin with `from`. */
  #around(rank: Rank, key: SearchKey, all: Numbers): Numbers {
    const places = ranks.indexOf(key.rank) - ranks.indexOf(rank)
    if (places < 0) return { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY }
    if (places > 0) return { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
    if (key.origin === 'SEGUE') return { from: key.number + 1, to: key.number - 1 }
    const from = firstNumberFrom(this.#file, kindOf(rank), key.at, all)
    return { from, to: from - 1 }
  }

  /** Of the stretches of a message that are found, one stands for it: the last one of the best rank. */
  #isBest(query: SearchQuery, rank: Rank, { number, messageId, isStretch }: EntryRow): boolean {
    if (!isStretch || messageId === null) return true
    const { from, to } = numbersOf(this.#file, messageId)
    const isFound = (better: Rank, numbers: Numbers): boolean => {
      const expression = query.expression(better)
      return expression !== null && finds(this.#file, 'message', expression, numbers)
    }
    const better = ranks.slice(ranks.indexOf('LITERAL'), ranks.indexOf(rank))
    return !better.some((each) => isFound(each, { from, to })) && !isFound(rank, { from: number + 1, to })
  }
}

function kindOf(rank: Rank): Kind {
  return rank === 'TITLE' ? 'title' : 'message'
}

function foundBy(rank: Rank, { number, at, sessionId, messageId }: EntryRow): Found {
  return { key: { rank, at, origin: 'SEGUE', number }, sessionId, messageId }
}
