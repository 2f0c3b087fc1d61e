import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalizeSearchText, isSingleCharacterToken, tokenize } from '../../../src/search/analyzer.ts'
import { anyText } from '../../support/search/any-text.ts'

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
  ['nach 🇩🇪 und 🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'nach 🇩 🇪 und 🏴'],
  ["комп'ютер компʼютер комп’ютер", 'комп ютер комп ютер комп ютер'],
  ["Hawai'i Hawaiʻi", 'hawai i hawai i'],
  ['٥٠٠ ۵۰۰ ५०० ๕๐๐ ５００ 𝟝𝟘𝟘 500', '500 500 500 500 500 500 500'],
  ['ราคา๕๐บาท', 'ร า ค า 50 บ า ท'],
  ['   ', ''],
])('%j is normalized to %j', (text, expected) => {
  expect(normalizeSearchText(text.toWellFormed())).toBe(expected)
})

test.each([
  ['كتاب', 'کتاب'],
  ['في', 'فی'],
  ['على', 'علی'],
  ['مدرسة', 'مدرسه'],
  ['ههه', 'ہھە'],
  ['أإآا', 'اااا'],
])('the Arabic letters of %s are equal to those of %s', (text, other) => {
  expect(normalizeSearchText(text)).toBe(normalizeSearchText(other))
})

test('every decimal digit of Unicode has the value that its character property says', () => {
  for (let code = 0x80; code < 0x20000; code += 1) {
    const digit = String.fromCodePoint(code)
    if (!/\p{Nd}/u.test(digit)) continue
    const digits = Array.from({ length: 10 }, (_, value) =>
      normalizeSearchText(String.fromCodePoint(code + value)),
    ).join('')
    if (normalizeSearchText(digit) === '0') expect(digits, code.toString(16)).toBe('0123456789')
    else expect(normalizeSearchText(digit)).toMatch(/^[1-9]$/)
  }
})

test('a normalized text consists of terms and single spaces, and does not change when it is normalized again', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), (text) => {
      const once = normalizeSearchText(text)
      expect(once).toMatch(/^$|^[^ ]+( [^ ]+)*$/)
      expect(once).not.toMatch(/\p{Cc}|[!-/:-@A-Z[-`{-~]/u)
      expect(normalizeSearchText(once)).toBe(once)
    }),
    { numRuns: 500 },
  )
})

test('tokens have the positions of their words', () => {
  const text = 'Das Größte: 日本 (ﬁn)!'
  const tokens = [...tokenize(text)]
  expect(tokens.map(({ term }) => term).join(' ')).toBe(normalizeSearchText(text))
  expect(tokens.map(({ start, end }) => text.slice(start, end))).toEqual(['Das', 'Größte', '日', '本', 'ﬁn'])
})

test('the terms of any text make up its normalized form', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const wellFormed = text.toWellFormed()
      expect([...tokenize(wellFormed)].map(({ term }) => term).join(' ')).toBe(normalizeSearchText(wellFormed))
    }),
  )
})

test('characters of scripts without spaces and emoji are terms of their own', () => {
  expect(['日', 'カ', '한', 'ก', '🎉'].map(isSingleCharacterToken)).toEqual([true, true, true, true, true])
  expect(['a', 'ab', 'я', '1', '日本', 'हि', ''].map(isSingleCharacterToken)).toEqual(Array(7).fill(false))
})
