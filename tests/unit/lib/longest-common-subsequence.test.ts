import { expect, test } from 'vitest'
import { alignByLongestCommonSubsequence } from '../../../src/lib/longest-common-subsequence.ts'

type Elements = readonly (readonly string[])[]

function split(text: string): Elements {
  return [...text].map((character) => [character])
}

/** The textbook algorithm, with the same choice among equally long ones. */
function alignSlowly(left: Elements, right: Elements): (number | null)[] {
  const isEqual = (i: number, j: number): boolean => left[i]?.some((key) => right[j]?.includes(key)) ?? false
  const lengths = Array.from({ length: left.length + 1 }, () => Array.from({ length: right.length + 1 }, () => 0))
  const lengthAt = (i: number, j: number): number => lengths[i]?.[j] ?? 0
  for (let i = 1; i <= left.length; i += 1)
    for (let j = 1; j <= right.length; j += 1) {
      const row = lengths[i]
      if (row)
        row[j] = isEqual(i - 1, j - 1) ? lengthAt(i - 1, j - 1) + 1 : Math.max(lengthAt(i - 1, j), lengthAt(i, j - 1))
    }
  const partners: (number | null)[] = right.map(() => null)
  let j = right.length
  for (let i = left.length; i > 0; i -= 1) {
    // The last of `right` with which this one ends a longest subsequence.
    for (let last = j; last > 0; last -= 1) {
      if (!isEqual(i - 1, last - 1) || lengthAt(i - 1, last - 1) + 1 < lengthAt(i, j)) continue
      partners[last - 1] = i - 1
      j = last - 1
      break
    }
  }
  return partners
}

test('elements of a common subsequence are aligned in order', () => {
  expect(alignByLongestCommonSubsequence(split('abcdef'), split('xbxdf'))).toEqual([null, 1, null, 3, 5])
  expect(alignByLongestCommonSubsequence([], split('ab'))).toEqual([null, null])
  expect(alignByLongestCommonSubsequence(split('ab'), [])).toEqual([])
})

test('of equally long subsequences, the one closest to the end is chosen', () => {
  expect(alignByLongestCommonSubsequence(split('aaa'), split('a'))).toEqual([2])
  expect(alignByLongestCommonSubsequence(split('abxab'), split('ab'))).toEqual([3, 4])
  expect(alignByLongestCommonSubsequence(split('abcab'), split('acab'))).toEqual([0, 2, 3, 4])
})

test('elements are equal if they share any key', () => {
  const left = [['text', 'sent'], ['call 1', 'call 2'], ['other']]
  expect(alignByLongestCommonSubsequence(left, [['sent'], ['call 2'], ['text']])).toEqual([0, 1, null])
})

test('the alignment of random lists is that of the textbook algorithm', () => {
  let seed = 1
  const random = (limit: number): number => (seed = (seed * 48_271) % 2_147_483_647) % limit
  const randomList = (): Elements =>
    Array.from({ length: random(90) }, () => Array.from({ length: random(3) }, () => `${random(6)}`))
  for (let round = 0; round < 300; round += 1) {
    const [left, right] = [randomList(), randomList()]
    const partners = alignByLongestCommonSubsequence(left, right)
    const expected = alignSlowly(left, right)
    const leftIndexes = partners.filter((index) => index !== null)
    expect(leftIndexes).toEqual(expected.filter((index) => index !== null))
    expect(leftIndexes).toEqual(leftIndexes.toSorted((a, b) => a - b))
    for (const [index, partner] of partners.entries())
      if (partner !== null) expect(left[partner]?.some((key) => right[index]?.includes(key))).toBe(true)
  }
})

test('thousands of equal elements take no noticeable time', () => {
  const words = ['u', 'a', 'u', 'a', 't'].map((key) => [key])
  const left = Array.from({ length: 4000 }, () => words).flat()
  const right = [...Array.from({ length: 100 }, () => words).flat(), ['u']]
  expect(alignByLongestCommonSubsequence(left, right).filter((index) => index !== null)).toHaveLength(501)
})
