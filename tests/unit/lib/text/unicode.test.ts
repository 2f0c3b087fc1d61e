import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxEventTextCodeUnits, chunkEventText, splitTrailingSurrogate } from '../../../../src/lib/text/unicode.ts'
import { anyTextChunk } from '../../../support/fixtures/generators.ts'

test('a high surrogate at the end of a text is split off, and every other lone surrogate becomes U+FFFD', () => {
  expect(splitTrailingSurrogate('a\ud83d')).toEqual({ complete: 'a', trailing: '\ud83d' })
  expect(splitTrailingSurrogate('\ud83d\ude00')).toEqual({ complete: '😀', trailing: '' })
  expect(splitTrailingSurrogate('\ude00a')).toEqual({ complete: '\ufffda', trailing: '' })
  expect(splitTrailingSurrogate('\ud83da')).toEqual({ complete: '\ufffda', trailing: '' })
  expect(splitTrailingSurrogate('\ud83d\ud83d')).toEqual({ complete: '\ufffd', trailing: '\ud83d' })
  expect(splitTrailingSurrogate('')).toEqual({ complete: '', trailing: '' })
})

test('a text that arrives in chunks yields the same as the whole text, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.array(anyTextChunk, { maxLength: 8 }), (chunks) => {
      let stored = ''
      let trailingSurrogate = ''
      for (const chunk of chunks) {
        const { complete, trailing } = splitTrailingSurrogate(trailingSurrogate + chunk)
        expect(complete.isWellFormed()).toBe(true)
        stored += complete
        trailingSurrogate = trailing
      }
      expect(stored + trailingSurrogate.toWellFormed()).toBe(chunks.join('').toWellFormed())
    }),
  )
})

test('the pieces of a text fit into an event, split no surrogate pair, and join to the text', () => {
  const emoji = fc.nat({ max: 70_000 }).map((count) => '😀'.repeat(count))
  const text = fc.tuple(anyTextChunk, emoji, anyTextChunk).map((parts) => parts.join('').toWellFormed())
  fc.assert(
    fc.property(text, (input) => {
      const pieces = [...chunkEventText(input)]
      expect(pieces.join('')).toBe(input)
      for (const piece of pieces) {
        expect(piece.length).toBeLessThanOrEqual(maxEventTextCodeUnits)
        expect(piece.isWellFormed()).toBe(true)
      }
      expect(pieces.length).toBeLessThanOrEqual(Math.ceil(input.length / (maxEventTextCodeUnits - 1)))
    }),
  )
})

test('a piece fills an event to its limit, less one code unit where it would split a pair', () => {
  expect([...chunkEventText('')]).toEqual([])
  expect([...chunkEventText('x'.repeat(maxEventTextCodeUnits))].map(({ length }) => length)).toEqual([
    maxEventTextCodeUnits,
  ])
  expect([...chunkEventText(`x${'😀'.repeat(maxEventTextCodeUnits / 2)}`)].map(({ length }) => length)).toEqual([
    maxEventTextCodeUnits - 1,
    2,
  ])
})
