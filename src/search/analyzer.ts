import { apostropheLetters, searchLetterReplacements, toAsciiDigit } from './equivalent-characters.ts'

/**
 * Normalizes a text for searching: terms in lower case without accents, separated by single spaces. The index stores this
 * form, and queries and texts without an index are normalized in the same way, so this function alone defines what a term is.
 *
 * A term is a run of letters, digits and combining marks. In scripts without spaces between words, each character is a term
 * and a word is found as a phrase; emoji are terms of their own as well, and a flag is a phrase of two. Characters that look
 * alike are equal: full and half width, ligatures, ß and ss, Arabic and Persian letters, and the digits of all scripts.
 *
 * Whoever changes this adds a migration that rebuilds the index.
 */
export function normalizeSearchText(text: string): string {
  if (asciiOnly.test(text)) return text.toLowerCase().replaceAll(asciiGaps, ' ').trim()
  return text
    .normalize('NFKD')
    .replaceAll(ignoredCharacters, '')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(replaceableLetters, (letter) => searchLetterReplacements.get(letter) ?? letter)
    .replaceAll(otherDigits, toAsciiDigit)
    .replaceAll(separators, ' ')
    .replaceAll(singleCharacter, ' $& ')
    .replaceAll(repeatedSpaces, ' ')
    .trim()
}

/** A term and the UTF-16 range of its word in the text. */
export interface AnalyzedTextToken {
  readonly term: string
  readonly start: number
  readonly end: number
}

/** The terms of a text, in the order of its normalized form. */
export function* tokenize(text: string): Generator<AnalyzedTextToken, void, void> {
  for (const { 0: matched, index: start } of text.matchAll(tokenPattern)) {
    const end = start + matched.length
    // A ligature or a circled number can become several terms.
    for (const term of normalizeSearchText(matched).split(' ')) if (term !== '') yield { term, start, end }
  }
}

/** Whether a term is a character of a script without spaces, or an emoji. */
export function isSingleCharacterToken(term: string): boolean {
  return onlySingleCharacter.test(term)
}

const asciiOnly = /^[\0-\x7f]*$/
const asciiGaps = /[^a-z0-9]+/g
const repeatedSpaces = / {2,}/g

/** Accents and vowel points, which many writers leave out, and invisible characters. */
const ignoredMarks = String.raw`\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670`
const invisibleCharacters = String.raw`\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff`
const ignoredCharacters = new RegExp(`[${ignoredMarks}${invisibleCharacters}]`, 'g')

const replaceableLetters = new RegExp(`[${[...searchLetterReplacements.keys()].join('')}]`, 'g')

const otherDigits = /[\p{Nd}--[0-9]]/gv

const scriptsWithoutSpaces = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}`
const emoji = String.raw`[\p{Extended_Pictographic}\p{Regional_Indicator}]`
const tokenCharacters = String.raw`[[\p{L}\p{N}\p{M}${emoji}]--[${apostropheLetters}]]`
const singleCharacterClass = String.raw`[[${scriptsWithoutSpaces}${emoji}]--\p{Nd}]`
const separators = new RegExp(`[^${tokenCharacters}]+`, 'gv')
const singleCharacter = new RegExp(singleCharacterClass, 'gv')
const onlySingleCharacter = new RegExp(`^${singleCharacterClass}$`, 'v')
const tokenPattern = new RegExp(
  `(?=[${tokenCharacters}])${singleCharacterClass}|(?:(?!${singleCharacterClass})[${tokenCharacters}${invisibleCharacters}])+`,
  'gv',
)
