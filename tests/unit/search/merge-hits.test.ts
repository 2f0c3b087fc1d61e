import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeHits } from '../../../src/search/merge-hits.ts'
import { compareSearchKeys, isInRange, type SearchKey, type SearchRange } from '../../../src/search/search-hit.ts'
import { searchRanks } from '../../../src/search/search-query.ts'
import type { SearchProgress } from '../../../src/search/search-source.ts'

const anyKey = fc.record({
  rank: fc.constantFrom(...searchRanks),
  at: fc.nat(5),
  origin: fc.constantFrom('SEGUE' as const, 'HERMES' as const),
  number: fc.nat(20),
})

const keysOf = (keys: readonly SearchKey[], origin: SearchKey['origin']): SearchKey[] =>
  keys.filter((key) => key.origin === origin)

/** A walk over keys that tells, before each hit, how far it has come, or that it cannot tell yet. */
function* walk(keys: readonly SearchKey[], range: SearchRange, silent: number): Generator<SearchProgress, void, void> {
  for (let i = 0; i < silent; i++) yield { searchedUpTo: null }
  for (const key of range.backwards ? keys.toReversed() : keys) {
    if (!isInRange(key, range)) continue
    yield { match: { key, sessionId: 's', messageId: 'm' } }
    if (key.number % 2 === 0) yield { searchedUpTo: key }
  }
}

function page(
  walks: Generator<SearchProgress, void, void>[],
  limit: number,
  backwards: boolean,
  isLate: () => boolean,
) {
  const steps = mergeHits(walks, { limit, backwards }, isLate)
  for (let next = steps.next(); ; next = steps.next()) {
    if (next.done) return { keys: next.value.matches.map(({ key }) => key), reached: next.value.searchedUpTo }
  }
}

const scene = fc.record({
  keys: fc.uniqueArray(anyKey, { selector: (key) => JSON.stringify(key), maxLength: 20 }),
  silent: fc.tuple(fc.nat(3), fc.nat(3)),
  size: fc.integer({ min: 1, max: 5 }),
  backwards: fc.boolean(),
})

test('pages of merged walks hold every hit once, in order, however late they are', () => {
  fc.assert(
    fc.property(scene, fc.infiniteStream(fc.boolean()), ({ keys, silent, size, backwards }, late) => {
      const all = keys.toSorted(compareSearchKeys)
      const walked: SearchKey[] = []
      let cursor: SearchKey | null = null
      for (let pages = 0; pages <= all.length * 4 + 4; pages++) {
        const range: SearchRange = { after: backwards ? null : cursor, before: backwards ? cursor : null, backwards }
        const walks = (['SEGUE', 'HERMES'] as const).map((origin, index) =>
          walk(keysOf(all, origin), range, silent[index] ?? 0),
        )
        const found = page(walks, size, backwards, () => late.next().value)
        walked.push(...found.keys)
        const last = found.reached ?? (found.keys.length < size ? null : found.keys.at(-1))
        if (!last) break
        cursor = last
      }
      expect(walked).toEqual(backwards ? all.toReversed() : all)
    }),
  )
})

test('a walk that is late is not waited for, once it has told how far it came', () => {
  const key = (at: number, origin: SearchKey['origin']): SearchKey => ({ rank: 'ALL_TERMS', at, origin, number: at })
  function* endless(): Generator<SearchProgress, void, void> {
    yield { searchedUpTo: null }
    for (let at = 90; ; at--) yield { searchedUpTo: key(at, 'SEGUE') }
  }
  const other = walk(
    [95, 90, 85, 80].map((at) => key(at, 'HERMES')),
    { after: null, before: null, backwards: false },
    0,
  )
  let steps = 0
  const found = page([endless(), other], 10, false, () => (steps += 1) > 8)
  expect(found.keys.map(({ at }) => at)).toEqual([95, 90, 85])
  expect(found.reached?.at).toBeLessThanOrEqual(85)
  expect(found.reached?.at).toBeGreaterThanOrEqual(80)
})
