import type { SearchHitSortKey, SearchPageBounds } from '../../../search/search-hit.ts'
import { type SearchRank, searchRanks } from '../../../search/search-query.ts'
import type { PostgresConnection } from '../database/postgres-statement.ts'
import { selectEntryBounds, selectFirstEntry } from './search-statements.ts'

/** The entries that one statement searches: between two statements, a search can be cut short. */
const entriesPerStatement = 100_000

/** Entries that can contain the hits of a rank on a page. All bounds are included. */
interface EntryRange {
  readonly from: number
  readonly to: number
  readonly minAt: number
  readonly maxAt: number
}

interface SearchedRange extends EntryRange {
  /** How far the search has come when it has searched the range. */
  readonly searchedUpTo: SearchHitSortKey
}

const allEntries: EntryRange = {
  from: 0,
  to: Number.MAX_SAFE_INTEGER,
  minAt: Number.MIN_SAFE_INTEGER,
  maxAt: Number.MAX_SAFE_INTEGER,
}

/** The entries of a rank on a page, in ranges in the direction in which the page is read. */
export async function* findEntryRanges(
  connection: PostgresConnection,
  rank: SearchRank,
  bounds: SearchPageBounds,
): AsyncGenerator<SearchedRange> {
  const kind = rank === 'TITLE' ? 'title' : 'message'
  const [stored] = await connection.query<{ from: number | null; to: number | null }>(selectEntryBounds, [kind])
  const wanted = toEntryRange(rank, bounds)
  if (!wanted || !stored || stored.from === null || stored.to === null) return
  let { from, to } = { from: Math.max(stored.from, wanted.from), to: Math.min(stored.to, wanted.to) }
  while (from <= to) {
    const next = bounds.backwards
      ? { from, to: Math.min(to, from + entriesPerStatement - 1) }
      : { from: Math.max(from, to - entriesPerStatement + 1), to }
    const number = bounds.backwards ? next.to : next.from
    const [first] = await connection.query<{ at: number }>(selectFirstEntry, [kind, number])
    yield { ...wanted, ...next, searchedUpTo: { rank, at: first?.at ?? 0, origin: 'SEGUE', number } }
    if (bounds.backwards) from = next.to + 1
    else to = next.from - 1
  }
}

/** Null: no hit of the rank is on the page. */
function toEntryRange(rank: SearchRank, { after, before }: SearchPageBounds): EntryRange | null {
  const [afterRange, beforeRange] = [after && rangeAfter(rank, after), before && rangeBefore(rank, before)]
  if (afterRange === undefined || beforeRange === undefined) return null
  return { ...allEntries, ...afterRange, ...beforeRange }
}

/** The entries after a key: the newest ones come first. Undefined: none. */
function rangeAfter(rank: SearchRank, key: SearchHitSortKey): Partial<EntryRange> | undefined {
  const distance = compareRanks(rank, key.rank)
  if (distance !== 0) return distance > 0 ? {} : undefined
  return key.origin === 'SEGUE' ? { to: key.number - 1 } : { maxAt: key.at - 1 }
}

/** The entries before a key. Undefined: none. */
function rangeBefore(rank: SearchRank, key: SearchHitSortKey): Partial<EntryRange> | undefined {
  const distance = compareRanks(rank, key.rank)
  if (distance !== 0) return distance < 0 ? {} : undefined
  return key.origin === 'SEGUE' ? { from: key.number + 1 } : { minAt: key.at }
}

function compareRanks(a: SearchRank, b: SearchRank): number {
  return searchRanks.indexOf(a) - searchRanks.indexOf(b)
}
