import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SearchQuery } from '../../../src/search/search-query.ts'
import { createSnippet } from '../../../src/search/snippet.ts'
import { maxPassageLength, splitIntoPassages } from '../../../src/search/passages.ts'
import { anyQuery, anyText } from '../../support/search/any-text.ts'

const excerpt = (query: string, text: string): string => createSnippet(text, new SearchQuery(query))
const filler = 'Lorem ipsum dolor sit amet. '.repeat(40)

test('a short text is shown completely, in one line', () => {
  expect(excerpt('wine', 'Red\n\n  wine\tand\u0000 bread')).toBe('Red wine and bread')
  expect(excerpt('nothing', 'of that')).toBe('of that')
  expect(excerpt('wine', '')).toBe('')
})

test('a long text is cut between words around the match', () => {
  const snippet = excerpt('red wine', `${filler}A glass of red wine, please. ${filler}`)
  expect(snippet).toMatch(/^…\S.*A glass of red wine, please\..*\S…$/)
  expect(snippet.length).toBeLessThan(170)
  expect(excerpt('wine', `${filler}wine`)).toMatch(/^….* wine$/)
  expect(excerpt('wine', `wine ${filler}`)).toMatch(/^wine .*…$/)
})

test('the full phrase is preferred; else the place with the most phrases is shown', () => {
  expect(excerpt('red wine glass', `wine ${filler} a glass that is red ${filler} wine`)).toContain(
    'a glass that is red',
  )
  expect(excerpt('red wine', `red ${filler} wine, red ${filler} the red wine here ${filler}`)).toContain(
    'the red wine here',
  )
})

test('matches that differ in accents and case, and prefixes, are found', () => {
  expect(excerpt('cafe stras', `${filler} Das CAFÉ in der Straße ${filler}`)).toContain('CAFÉ in der Straße')
  expect(excerpt('検索', `${'私は日本語'.repeat(100)}検索${'する'.repeat(100)}`)).toMatch(/^….*検索.*…$/)
})

test('a text without spaces is cut between grapheme clusters', () => {
  const graphemes = (text: string) => [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment)
  for (const cluster of ['👨‍👩‍👧‍👦', '🇩🇪', 'e\u0301', '👩🏽‍🚀', 'क्षि']) {
    for (let shift = 0; shift < cluster.length; shift += 1) {
      const text = `${cluster.repeat(60)} ${'x'.repeat(shift)} needle ${cluster.repeat(60)}`
      const snippet = excerpt('needle', text)
      expect(snippet).toContain('needle')
      expect(graphemes(snippet).filter((part) => !`…${cluster}x needle`.includes(part))).toEqual([])
      expect(snippet.replaceAll(cluster, '')).toMatch(/^… ?(x* )?needle …?$/)
    }
  }
})

test('a very long text is searched to its end', () => {
  const text = `${filler.repeat(200)} the needle is here ${filler}`
  expect(excerpt('needle', text)).toContain('the needle is here')
})

test('a snippet of any text is well formed, short and in one line', () => {
  fc.assert(
    fc.property(
      anyQuery,
      fc.array(fc.oneof(anyText, fc.constant('🎉'.repeat(50))), { maxLength: 20 }),
      (query, texts) => {
        const snippet = excerpt(query, texts.join('').toWellFormed())
        expect(snippet.isWellFormed()).toBe(true)
        expect(snippet.length).toBeLessThanOrEqual(200)
        expect(snippet).not.toMatch(/\p{Cc}/u)
      },
    ),
  )
})

test('passages make up their text; none is too long or splits a surrogate pair', () => {
  const piece = fc.constantFrom('word ', 'x'.repeat(5_000), '🎉'.repeat(4_000), ' \n', '語'.repeat(3_000))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      const passages = splitIntoPassages(text)
      expect(passages.join('')).toBe(text)
      for (const passage of passages) {
        expect(passage.length).toBeLessThanOrEqual(maxPassageLength)
        expect(passage.isWellFormed()).toBe(true)
      }
      expect(passages.length).toBeLessThanOrEqual(1 + text.length / (maxPassageLength / 2))
    }),
    { numRuns: 50 },
  )
})
