import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeSearchText } from '../../../src/search/analyzer.ts'
import { SearchQuery } from '../../../src/search/search-query.ts'
import { anyText } from '../../support/search/any-text.ts'

const rankText = (query: string, text: string) => new SearchQuery(query).rankText(normalizeSearchText(text))

describe('the rank of a text', () => {
  test.each([
    ['rust', 'I like Rust.', 'PHRASE'],
    ['rust', 'It is rusty.', 'PHRASE_PREFIX'],
    ['rust', 'I trust you.', null],
    ['"rust"', 'It is rusty.', null],
    ['ru', 'It is rusty.', null],
    ['ru', 'ru is a language', 'PHRASE'],
    ['red wine', 'A glass of red wine, please', 'PHRASE'],
    ['red wine', 'Two red wines', 'PHRASE_PREFIX'],
    ['red wine', 'Wine that is red', 'ALL_TERMS'],
    ['red wine', 'Wines that are red', 'ALL_TERMS'],
    ['red wine', 'Redder wine', null],
    ['red wine', 'Wine', null],
    ['"red wine"', 'Wine that is red', null],
    ['"red wine" glass', 'A glass of red wine', 'ALL_TERMS'],
    ['wine "red', 'red wine', 'ALL_TERMS'],
    ['wine "red', 'redder wine', null],
    ['“red wine” glass', 'glass, wine, red', null],
    ['node.js', 'Install node js', 'PHRASE'],
    ['node.js', 'js node', null],
    ['foo_bar baz', 'baz(foo.bar)', 'ALL_TERMS'],
    ['c++', 'C is old', 'PHRASE'],
    ['rust AND', 'rust', null],
    ['rust OR go', 'rust', null],
    ['NOT rust', 'rust', null],
    ['NOT rust', 'rust, not go', 'ALL_TERMS'],
    ['rust*', 'rust', 'PHRASE'],
    ['content:rust', 'content rust', 'PHRASE'],
    ['cafe', 'Café', 'PHRASE'],
    ['CAFÉ', 'cafe', 'PHRASE'],
    ['strasse', 'Straße', 'PHRASE'],
    ['lodz', 'Łódź', 'PHRASE'],
    ['σίσυφος', 'ΣΊΣΥΦΟΣ', 'PHRASE'],
    ['istanbul', 'İSTANBUL', 'PHRASE'],
    ['ｆｕｌｌ', 'full', 'PHRASE'],
    ['日本', '私は日本語を話す', 'PHRASE'],
    ['日本 話す', '私は日本語を話す', 'ALL_TERMS'],
    ['本日', '日本', null],
    ['학교', '학교에서', 'PHRASE'],
    ['กิน', 'ฉันกินข้าว', 'PHRASE'],
    ['कि', 'की', null],
    ['محمد', 'مُحَمَّد', 'PHRASE'],
    ['🎉', 'Done 🎉!', 'PHRASE'],
    ['rust rust', 'rust', 'ALL_TERMS'],
    ['', 'anything', null],
    [' \n', 'anything', null],
    ['!?', 'anything!?', null],
  ])('query %j, text %j: %s', (query, text, rank) => {
    expect(rankText(query, text)).toBe(rank)
  })

  test('is never null if the text contains the query', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (before, query, after) => {
        // Without a separator, the first word of the query might be the end of another word.
        const text = `${before} ${query} ${after}`
        if (normalizeSearchText(query) !== '' && !/["“”„]/.test(query)) expect(rankText(query, text)).not.toBeNull()
      }),
    )
  })
})

test('a query uses the first 1,000 code units and 32 phrases of its text', () => {
  const numbers = Array.from({ length: 40 }, (_, index) => `n${index}`)
  expect(rankText(numbers.join(' '), numbers.slice(0, 32).join(' '))).toBe('PHRASE')
  expect(rankText(numbers.join(' '), numbers.slice(0, 31).join(' '))).toBeNull()
  expect(rankText(`${'a '.repeat(500)}zebra`, 'a '.repeat(500))).toBe('PHRASE')
  const cjk = '語'.repeat(100_000)
  expect(rankText(cjk, '語'.repeat(1_000))).toBe('PHRASE')
  expect(new SearchQuery(cjk).fullPhrase.terms).toHaveLength(1_000)
})
