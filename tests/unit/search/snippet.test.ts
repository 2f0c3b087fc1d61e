import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SearchQuery } from '../../../src/search/search-query.ts'
import { createSnippet } from '../../../src/search/snippet.ts'
import { maxPassageLength, splitIntoPassages } from '../../../src/search/passages.ts'
import { anyQuery, anyText } from '../../support/search/texts.ts'

const around = (query: string, text: string): string => createSnippet(text, new SearchQuery(query))
const filler = 'Lorem ipsum dolor sit amet. '.repeat(40)

test('a short text is shown whole, in one line', () => {
  expect(around('wine', 'Red\n\n  wine\tand\u0000 bread')).toBe('Red wine and bread')
  expect(around('nothing', 'of that')).toBe('of that')
  expect(around('wine', '')).toBe('')
})

test('a long text is cut between words around what was looked for', () => {
  const shown = around('red wine', `${filler}A glass of red wine, please. ${filler}`)
  expect(shown).toMatch(/^…\S.*A glass of red wine, please\..*\S…$/)
  expect(shown.length).toBeLessThan(170)
  expect(around('wine', `${filler}wine`)).toMatch(/^….* wine$/)
  expect(around('wine', `wine ${filler}`)).toMatch(/^wine .*…$/)
})

test('where the words lie apart, the most of them are shown, before all those that stand together', () => {
  expect(around('red wine glass', `wine ${filler} a glass that is red ${filler} wine`)).toContain('a glass that is red')
  expect(around('red wine', `red ${filler} wine, red ${filler} the red wine here ${filler}`)).toContain(
    'the red wine here',
  )
})

test('accents, case and beginnings are no obstacle', () => {
  expect(around('cafe stras', `${filler} Das CAFÉ in der Straße ${filler}`)).toContain('CAFÉ in der Straße')
  expect(around('検索', `${'私は日本語'.repeat(100)}検索${'する'.repeat(100)}`)).toMatch(/^….*検索.*…$/)
})

test('a very long text is looked through to its end', () => {
  const text = `${filler.repeat(200)} the needle is here ${filler}`
  expect(around('needle', text)).toContain('the needle is here')
})

test('no pair of surrogates is cut, whatever the text', () => {
  fc.assert(
    fc.property(
      anyQuery,
      fc.array(fc.oneof(anyText, fc.constant('🎉'.repeat(50))), { maxLength: 20 }),
      (query, texts) => {
        const shown = around(query, texts.join('').toWellFormed())
        expect(shown.isWellFormed()).toBe(true)
        expect(shown.length).toBeLessThanOrEqual(200)
        expect(shown).not.toMatch(/\p{Cc}/u)
      },
    ),
  )
})

test('stretches make up their text, and none is too long or cuts a pair of surrogates', () => {
  const piece = fc.constantFrom('word ', 'x'.repeat(5_000), '🎉'.repeat(4_000), ' \n', '語'.repeat(3_000))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      const stretches = splitIntoPassages(text)
      expect(stretches.join('')).toBe(text)
      for (const stretch of stretches) {
        expect(stretch.length).toBeLessThanOrEqual(maxPassageLength)
        expect(stretch.isWellFormed()).toBe(true)
      }
      expect(stretches.length).toBeLessThanOrEqual(1 + text.length / (maxPassageLength / 2))
    }),
    { numRuns: 50 },
  )
})
