/**
 * A text in the form in which texts are compared by a search: words in lower case without accents, one space between
 * two of them, nothing else. The index holds this form, a query is turned into it, and so is whatever is searched
 * without an index: what a word is, is told here alone.
 *
 * A word is a run of letters, digits and their marks. In scripts that put no spaces between words each character stands
 * by itself, and a word of them is found as a phrase; so do pictures such as emoji. What looks alike is alike: full and
 * half width, ligatures, ß and ss.
 */
export function normalizeText(text: string): string {
  if (asciiOnly.test(text)) return text.toLowerCase().replaceAll(asciiGaps, ' ').trim()
  return text
    .normalize('NFKD')
    .replaceAll(ignoredCharacters, '')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(replaceableLetters, (letter) => letterReplacements.get(letter) ?? letter)
    .replaceAll(separators, ' ')
    .replaceAll(singleCharacter, ' $& ')
    .replaceAll(repeatedSpaces, ' ')
    .trim()
}

/** A word and where it stands in the text that it is from, in UTF-16 code units. */
export interface Token {
  readonly term: string
  readonly start: number
  readonly end: number
}

/** The words of a text in their order, as they are in its folded form. */
export function* tokenize(text: string): Generator<Token, void, void> {
  for (const { 0: matched, index: start } of text.matchAll(tokenPattern)) {
    const end = start + matched.length
    // A ligature, or a number in a circle, may be several.
    for (const term of normalizeText(matched).split(' ')) if (term !== '') yield { term, start, end }
  }
}

/** Whether a folded word is a single character of a script without spaces, or a picture. */
export function isSingleCharacterToken(term: string): boolean {
  return onlySingleCharacter.test(term)
}

const asciiOnly = /^[\0-\x7f]*$/
const asciiGaps = /[^a-z0-9]+/g
const repeatedSpaces = / {2,}/g

/** Accents and vowel points that are left out in writing as often as not, and characters that cannot be seen. */
const ignoredMarks = String.raw`\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670`
const invisibleCharacters = String.raw`\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff`
const ignoredCharacters = new RegExp(`[${ignoredMarks}${invisibleCharacters}]`, 'g')

/** Letters that no normal form of Unicode takes apart, as people write them who lack the key. */
const letterReplacements = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['đ', 'd'],
  ['ł', 'l'],
  ['ı', 'i'],
  ['ς', 'σ'],
])
const replaceableLetters = /[ßæœøđłıς]/g

const scriptsWithoutSpaces = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}`
const tokenCharacters = String.raw`\p{L}\p{N}\p{M}\p{Extended_Pictographic}`
const singleCharacterClass = String.raw`[${scriptsWithoutSpaces}\p{Extended_Pictographic}]`
const separators = new RegExp(`[^${tokenCharacters}]+`, 'gu')
const singleCharacter = new RegExp(singleCharacterClass, 'gu')
const onlySingleCharacter = new RegExp(`^${singleCharacterClass}$`, 'u')
const tokenPattern = new RegExp(
  `(?=[${tokenCharacters}])${singleCharacterClass}|(?:(?!${singleCharacterClass})[${tokenCharacters}${invisibleCharacters}])+`,
  'gu',
)
