import { describe, expect, test } from 'vitest'
import { splitMatches } from '../../src/search/split-matches.ts'

const marked = (text: string, query: string): string =>
  splitMatches(text, query)
    .map((piece) => (piece.isMatch ? `[${piece.text}]` : piece.text))
    .join('')

describe('the words of a search are found in a text', () => {
  test('without case and accents', () => expect(marked('A Café, and a CAFE.', 'café')).toBe('A [Café], and a [CAFE].'))
  test('in any order', () => expect(marked('one two three', 'three one')).toBe('[one] two [three]'))
  test('the last as the beginning of a word', () =>
    expect(marked('parsers parse', 'the pars')).toBe('[parsers] [parse]'))
  test('but not if it is short, or quoted', () => {
    expect(marked('parsers', 'pa')).toBe('parsers')
    expect(marked('parsers', '"pars"')).toBe('parsers')
  })
  test('never within a word', () => expect(marked('cart art', 'art')).toBe('cart [art]'))
  test('and nothing without words', () => expect(marked('a - b', '-')).toBe('a - b'))
})
