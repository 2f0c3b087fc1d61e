import { describe, expect, test } from 'vitest'
import { findGraphemeStart, truncate, truncateToBytes } from '../../../../src/lib/text/truncate.ts'

test('a text that fits stays as it is', () => {
  expect(truncate('', 3)).toBe('')
  expect(truncate('abc', 3)).toBe('abc')
})

test('a text that is too long ends with an ellipsis and has exactly the maximum length', () => {
  expect(truncate('abcd', 3)).toBe('ab…')
  expect(truncate('x'.repeat(1000), 500)).toHaveLength(500)
})

test('a surrogate pair is never split', () => {
  expect(truncate('ab😀cd', 4)).toBe('ab…')
  expect(truncate('ab😀cd', 5)).toBe('ab😀…')
  expect(truncate('\ud83dabcd', 3)).toBe('\ufffda…')
})

const family = '👨‍👩‍👧‍👦'
const graphemes = (text: string) => [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment)

describe('a grapheme cluster is never split', () => {
  test.each([
    ['a family', family],
    ['a flag', '🇩🇪'],
    ['a flag of a region', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['a skin tone', '👩🏽‍🚀'],
    ['a letter with an accent', 'e\u0301'],
    ['a keycap', '1️⃣'],
    ['a Hangul syllable', '\u1112\u1161\u11ab'],
    ['a Devanagari cluster', 'क्षि'],
    ['a line break', '\r\n'],
  ])('%s', (_, cluster) => {
    for (const text of [cluster.repeat(40), `a${cluster.repeat(40)}`, `${'ab'.repeat(5000)}${cluster.repeat(40)}`]) {
      const known = new Set(graphemes(text))
      for (let length = text.length - 40; length < text.length; length += 1) {
        const truncated = truncate(text, length)
        expect(truncated.length).toBeLessThanOrEqual(length)
        expect(text.startsWith(truncated.slice(0, -1))).toBe(true)
        expect(graphemes(truncated.slice(0, -1)).filter((grapheme) => !known.has(grapheme))).toEqual([])
      }
    }
  })
})

test('a cluster that is longer than any emoji is split, but not within a surrogate pair', () => {
  const accents = `e${'\u0301'.repeat(200)}`
  expect(truncate(accents, 80)).toBe(`${accents.slice(0, 79)}…`)
  const tags = `😀${'\u{e0061}'.repeat(100)}`
  expect(truncate(tags, 80)).toBe(`${tags.slice(0, 78)}…`)
})

test('the start of a cluster is found in a text without ASCII letters', () => {
  const text = '中'.repeat(10_000)
  expect(findGraphemeStart(text, 9_000)).toBe(9_000)
})

test('a text can be shortened to a number of bytes', () => {
  expect(truncateToBytes('abcdef', 6)).toBe('abcdef')
  expect(truncateToBytes('abcdefg', 6)).toBe('abc…')
  expect(truncateToBytes('\ud83d', 3)).toBe('\ufffd')
  const truncated = truncateToBytes('é'.repeat(100), 123)
  expect(truncated).toBe(`${'é'.repeat(60)}…`)
  expect(truncateToBytes(family.repeat(20), 123)).toBe(`${family.repeat(4)}…`)
})
