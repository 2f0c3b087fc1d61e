/**
 * A text in the form in which texts are compared by a search: words in lower case without accents, one space between
 * two of them, nothing else. The index holds this form, a query is turned into it, and so is whatever is searched
 * without an index: what a word is, is told here alone.
 *
 * A word is a run of letters, digits and their marks. In scripts that put no spaces between words each character stands
 * by itself, and a word of them is found as a phrase; so do pictures such as emoji. What looks alike is alike: full and
 * half width, ligatures, ß and ss.
 */
export function folded(text: string): string {
  if (isPlain.test(text)) return text.toLowerCase().replaceAll(plainGaps, ' ').trim()
  return text
    .normalize('NFKD')
    .replaceAll(ignored, '')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(unfolded, (letter) => letters.get(letter) ?? letter)
    .replaceAll(gaps, ' ')
    .replaceAll(single, ' $& ')
    .replaceAll(spaces, ' ')
    .trim()
}

/** A word and where it stands in the text that it is from, in UTF-16 code units. */
export interface Word {
  readonly folded: string
  readonly start: number
  readonly end: number
}

/** The words of a text in their order, as they are in its folded form. */
export function* wordsOf(text: string): Generator<Word, void, void> {
  for (const { 0: found, index: start } of text.matchAll(words)) {
    const end = start + found.length
    // A ligature, or a number in a circle, may be several.
    for (const word of folded(found).split(' ')) if (word !== '') yield { folded: word, start, end }
  }
}

/** Whether a folded word is a single character of a script without spaces, or a picture. */
export function standsAlone(word: string): boolean {
  return alone.test(word)
}

const isPlain = /^[\0-\x7f]*$/
const plainGaps = /[^a-z0-9]+/g
const spaces = / {2,}/g

/** Accents and vowel points that are left out in writing as often as not, and characters that cannot be seen. */
const leftOut = String.raw`\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670`
const unseen = String.raw`\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff`
const ignored = new RegExp(`[${leftOut}${unseen}]`, 'g')

/** Letters that no normal form of Unicode takes apart, as people write them who lack the key. */
const letters = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['đ', 'd'],
  ['ł', 'l'],
  ['ı', 'i'],
  ['ς', 'σ'],
])
const unfolded = /[ßæœøđłıς]/g

const withoutSpaces = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}`
const inWord = String.raw`\p{L}\p{N}\p{M}\p{Extended_Pictographic}`
const singles = String.raw`[${withoutSpaces}\p{Extended_Pictographic}]`
const gaps = new RegExp(`[^${inWord}]+`, 'gu')
const single = new RegExp(singles, 'gu')
const alone = new RegExp(`^${singles}$`, 'u')
const words = new RegExp(`(?=[${inWord}])${singles}|(?:(?!${singles})[${inWord}${unseen}])+`, 'gu')
