import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeSearchHits } from '../../../src/search/merge-search-hits.ts'
import {
  compareSearchKeys,
  isWithinSearchPage,
  type SearchHitSortKey,
  type SearchPageBounds,
} from '../../../src/search/search-hit.ts'
import { searchRanks } from '../../../src/search/search-query.ts'
import type { SearchStepResult } from '../../../src/search/search-source.ts'

const anyKey = fc.record({
  rank: fc.constantFrom(...searchRanks),
  at: fc.nat(5),
  origin: fc.constantFrom('SEGUE' as const, 'HERMES' as const),
  number: fc.nat(20),
})

const selectOrigin = (keys: readonly SearchHitSortKey[], origin: SearchHitSortKey['origin']): SearchHitSortKey[] =>
  keys.filter((key) => key.origin === origin)

/** A source with these keys. It reports its progress after some of them, and none at first. */
function* search(
  keys: readonly SearchHitSortKey[],
  range: SearchPageBounds,
  unknownSteps: number,
): Generator<SearchStepResult, void, void> {
  for (let i = 0; i < unknownSteps; i++) yield { searchedUpTo: null }
  for (const key of range.backwards ? keys.toReversed() : keys) {
    if (!isWithinSearchPage(key, range)) continue
    yield { match: { key, sessionId: 's', messageId: 'm' } }
    if (key.number % 2 === 0) yield { searchedUpTo: key }
  }
}

function mergePage(
  sources: Generator<SearchStepResult, void, void>[],
  limit: number,
  backwards: boolean,
  isPastDeadline: () => boolean,
) {
  const steps = mergeSearchHits(sources, { limit, backwards }, isPastDeadline)
  for (let next = steps.next(); ; next = steps.next()) {
    if (next.done) return { keys: next.value.matches.map(({ key }) => key), searchedUpTo: next.value.searchedUpTo }
  }
}

const anyScenario = fc.record({
  keys: fc.uniqueArray(anyKey, { selector: (key) => JSON.stringify(key), maxLength: 20 }),
  unknownSteps: fc.tuple(fc.nat(3), fc.nat(3)),
  size: fc.integer({ min: 1, max: 5 }),
  backwards: fc.boolean(),
})

test('pages of merged sources contain every match once, in order, wherever the deadline cuts them', () => {
  fc.assert(
    fc.property(anyScenario, fc.infiniteStream(fc.boolean()), ({ keys, unknownSteps, size, backwards }, late) => {
      const all = keys.toSorted(compareSearchKeys)
      const read: SearchHitSortKey[] = []
      let cursor: SearchHitSortKey | null = null
      for (let pages = 0; pages <= all.length * 4 + 4; pages++) {
        const range: SearchPageBounds = {
          after: backwards ? null : cursor,
          before: backwards ? cursor : null,
          backwards,
        }
        const sources = (['SEGUE', 'HERMES'] as const).map((origin, index) =>
          search(selectOrigin(all, origin), range, unknownSteps[index] ?? 0),
        )
        const found = mergePage(sources, size, backwards, () => late.next().value)
        read.push(...found.keys)
        const last = found.searchedUpTo ?? (found.keys.length < size ? null : found.keys.at(-1))
        if (!last) break
        cursor = last
      }
      expect(read).toEqual(backwards ? all.toReversed() : all)
    }),
  )
})

test('past the deadline, a source is not waited for once it has reported its progress', () => {
  const key = (at: number, origin: SearchHitSortKey['origin']): SearchHitSortKey => ({
    rank: 'ALL_TERMS',
    at,
    origin,
    number: at,
  })
  function* endless(): Generator<SearchStepResult, void, void> {
    yield { searchedUpTo: null }
    for (let at = 90; ; at--) yield { searchedUpTo: key(at, 'SEGUE') }
  }
  const other = search(
    [95, 90, 85, 80].map((at) => key(at, 'HERMES')),
    { after: null, before: null, backwards: false },
    0,
  )
  let steps = 0
  const found = mergePage([endless(), other], 10, false, () => (steps += 1) > 8)
  expect(found.keys.map(({ at }) => at)).toEqual([95, 90, 85])
  expect(found.searchedUpTo?.at).toBeLessThanOrEqual(85)
  expect(found.searchedUpTo?.at).toBeGreaterThanOrEqual(80)
})
