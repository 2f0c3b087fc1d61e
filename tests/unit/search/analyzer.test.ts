import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalizeText, isSingleCharacterToken, tokenize } from '../../../src/search/analyzer.ts'
import { anyText } from '../../support/search/texts.ts'

test.each([
  ['Hello, World! foo_bar node.js', 'hello world foo bar node js'],
  ['Größe STRASSE ﬁne', 'grosse strasse fine'],
  ['日本語のテキスト、コーヒー', '日 本 語 の テ キ ス ト コ ー ヒ ー'],
  ['ｶﾞラス', 'ガ ラ ス'],
  ['한국어', '한 국 어'],
  ['हिन्दी', 'हिन्दी'],
  ['soft\u00adhyphen, zero\u200bwidth', 'softhyphen zerowidth'],
  ['❤️🎉 x', '❤ 🎉 x'],
  ['a\0b\ud800c', 'a b c'],
  ['   ', ''],
])('%j is %j', (text, expected) => {
  expect(normalizeText(text.toWellFormed())).toBe(expected)
})

test('holds words and single spaces, and is the same folded once more', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), (text) => {
      const once = normalizeText(text)
      expect(once).toMatch(/^$|^[^ ]+( [^ ]+)*$/)
      expect(once).not.toMatch(/\p{Cc}|[!-/:-@A-Z[-`{-~]/u)
      expect(normalizeText(once)).toBe(once)
    }),
    { numRuns: 500 },
  )
})

test('its words are told with where they stand', () => {
  const text = 'Das Größte: 日本 (ﬁn)!'
  const words = [...tokenize(text)]
  expect(words.map(({ term: word }) => word).join(' ')).toBe(normalizeText(text))
  expect(words.map(({ start, end }) => text.slice(start, end))).toEqual(['Das', 'Größte', '日', '本', 'ﬁn'])
})

test('the words of any text make up its folded form', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const said = text.toWellFormed()
      expect([...tokenize(said)].map(({ term: word }) => word).join(' ')).toBe(normalizeText(said))
    }),
  )
})

test('characters of scripts without spaces, and pictures, stand alone', () => {
  expect(['日', 'カ', '한', 'ก', '🎉'].map(isSingleCharacterToken)).toEqual([true, true, true, true, true])
  expect(['a', 'ab', 'я', '1', '日本', 'हि', ''].map(isSingleCharacterToken)).toEqual(Array(7).fill(false))
})
