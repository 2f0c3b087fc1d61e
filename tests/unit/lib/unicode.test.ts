import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxEventTextCodeUnits, chunkText, splitTrailingSurrogate } from '../../../src/lib/unicode.ts'
import { anyTextChunk } from '../../support/fixtures/generators.ts'

test('half a pair at the end of a text waits, and every other half becomes U+FFFD', () => {
  expect(splitTrailingSurrogate('a\ud83d')).toEqual({ whole: 'a', held: '\ud83d' })
  expect(splitTrailingSurrogate('\ud83d\ude00')).toEqual({ whole: '😀', held: '' })
  expect(splitTrailingSurrogate('\ude00a')).toEqual({ whole: '\ufffda', held: '' })
  expect(splitTrailingSurrogate('\ud83da')).toEqual({ whole: '\ufffda', held: '' })
  expect(splitTrailingSurrogate('\ud83d\ud83d')).toEqual({ whole: '\ufffd', held: '\ud83d' })
  expect(splitTrailingSurrogate('')).toEqual({ whole: '', held: '' })
})

test('a text that comes in chunks is the same as the text in one, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.array(anyTextChunk, { maxLength: 8 }), (chunks) => {
      let stored = ''
      let waiting = ''
      for (const chunk of chunks) {
        const { whole, held } = splitTrailingSurrogate(waiting + chunk)
        expect(whole.isWellFormed()).toBe(true)
        stored += whole
        waiting = held
      }
      expect(stored + waiting.toWellFormed()).toBe(chunks.join('').toWellFormed())
    }),
  )
})

test('pieces of a text fit an event, cut no pair in two, and join to the text', () => {
  const smileys = fc.nat({ max: 70_000 }).map((count) => '😀'.repeat(count))
  const text = fc.tuple(anyTextChunk, smileys, anyTextChunk).map((parts) => parts.join('').toWellFormed())
  fc.assert(
    fc.property(text, (whole) => {
      const all = [...chunkText(whole)]
      expect(all.join('')).toBe(whole)
      for (const piece of all) {
        expect(piece.length).toBeLessThanOrEqual(maxEventTextCodeUnits)
        expect(piece.isWellFormed()).toBe(true)
      }
      expect(all.length).toBeLessThanOrEqual(Math.ceil(whole.length / (maxEventTextCodeUnits - 1)))
    }),
  )
})

test('an event is filled to its limit, less one unit where a pair would be cut', () => {
  expect([...chunkText('')]).toEqual([])
  expect([...chunkText('x'.repeat(maxEventTextCodeUnits))].map(({ length }) => length)).toEqual([maxEventTextCodeUnits])
  expect([...chunkText(`x${'😀'.repeat(maxEventTextCodeUnits / 2)}`)].map(({ length }) => length)).toEqual([
    maxEventTextCodeUnits - 1,
    2,
  ])
})
