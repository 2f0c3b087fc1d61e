import { expect, test } from 'vitest'
import { escapeInvisible, escapeInvisibleInProse } from '../../../../src/lib/text/escape-invisible.ts'

const tags = [...'; rm'].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join('')

test.each([
  ['marks that turn the direction of text', 'safe\u202e\u2066evil\u2069', 'safe\\u202e\\u2066evil\\u2069'],
  ['marks without width', '/tmp/\u200bcache\ufeff', '/tmp/\\u200bcache\\ufeff'],
  ['tags', `ls ${tags}`, 'ls \\u{e003b}\\u{e0020}\\u{e0072}\\u{e006d}'],
  ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['control characters', 'a\n\r\t\u0000\u001b[2K\u009b2K\u007f', 'a\\n\\r\\t\\u0000\\u001b[2K\\u009b2K\\u007f'],
  ['letters that have no form', 'a\u3164b\u115f\u034f\u00ad', 'a\\u3164b\\u115f\\u034f\\u00ad'],
  ['variation selectors', 'a\ufe0fb\u{e0100}', 'a\\ufe0fb\\u{e0100}'],
  ['private use and lone surrogates', '\ue000\ud800', '\\ue000\\ud800'],
])('In a sentence for people, %s become escapes', (_, text, escaped) => {
  expect(escapeInvisible(text)).toBe(escaped)
})

test('Visible text of any script stays as it is', () => {
  const text = 'Größe 100 % — «да» 漢字 کتاب हिन्दी 👍 é "quoted" \\u202e'
  expect(escapeInvisible(text)).toBe(text)
})

test('A text of several lines keeps its line breaks, its emoji and joiners with a visible effect', () => {
  const text = 'Eins\n\tZwei \u26a0\ufe0f \u{1f469}\u200d\u{1f4bb} \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'
  expect(escapeInvisibleInProse(text)).toBe(text)
  expect(escapeInvisibleInProse('a\r\nb\rc')).toBe('a\nb\nc')
  expect(escapeInvisibleInProse('rm\u200d-rf \u202ex\u{e0041}\u2028')).toBe('rm\\u200d-rf \\u202ex\\u{e0041}\\u2028')
})
