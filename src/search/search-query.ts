import { isSingleCharacterToken, normalizeSearchText } from './analyzer.ts'

/** How well a result matches a query, best first. Results are ordered by rank before anything else. */
export const searchRanks = ['TITLE', 'PHRASE', 'PHRASE_PREFIX', 'ALL_TERMS'] as const

/**
 * - TITLE: a session whose title contains all terms.
 * - PHRASE: a message that contains the whole query as one phrase.
 * - PHRASE_PREFIX: the same, with a prefix match on the last term.
 * - ALL_TERMS: a message that contains all terms, anywhere.
 */
export type SearchRank = (typeof searchRanks)[number]

/** One term of a query, or several that must follow each other. */
export interface SearchPhrase {
  /** Normalized; at least one. */
  readonly terms: readonly string[]
  /** The last term also matches longer words that begin with it. */
  readonly isPrefix: boolean
  /** The text as the user typed it. */
  readonly rawText: string
}

const maxQueryLength = 1_000 // UTF-16 code units
const maxPhrases = 32
const minPrefixLength = 3 // characters; shorter prefixes match too many words to be looked up in time

/**
 * A parsed query. Any text is valid. A result must contain all terms, in any order; "terms in quotes" must follow each
 * other. The last term is also a prefix if it has at least three characters and is not in quotes. There are no operators.
 * Punctuation separates terms, and terms that it joins form a phrase, as in node.js.
 */
export class SearchQuery {
  readonly phrases: readonly SearchPhrase[]
  /** All terms of the query as one phrase. */
  readonly fullPhrase: SearchPhrase

  /** Uses the first 1,000 UTF-16 code units of the text, and the first 32 phrases in them. */
  constructor(text: string) {
    const phrases = [...parsePhrases(text.slice(0, maxQueryLength).toWellFormed())].slice(0, maxPhrases)
    this.phrases = phrases.filter((phrase, index) => !phrases.slice(index + 1).some((later) => implies(later, phrase)))
    const terms = phrases.flatMap((phrase) => phrase.terms)
    this.fullPhrase = { terms, isPrefix: phrases.at(-1)?.isPrefix ?? false, rawText: text }
  }

  /** Without a term, a query matches nothing. */
  get isEmpty(): boolean {
    return this.phrases.length === 0
  }

  /** A text that contains all terms of such a query always contains the full phrase. */
  get isSinglePhrase(): boolean {
    return this.phrases.length === 1 && this.phrases[0]?.terms.length === this.fullPhrase.terms.length
  }

  /** The rank of a message with this normalized text; null if it does not match. */
  rankText(text: string): Exclude<SearchRank, 'TITLE'> | null {
    if (!this.matches(text)) return null
    if (containsPhrase(` ${text} `, { ...this.fullPhrase, isPrefix: false })) return 'PHRASE'
    return containsPhrase(` ${text} `, this.fullPhrase) ? 'PHRASE_PREFIX' : 'ALL_TERMS'
  }

  /** Whether this normalized text contains all phrases. */
  matches(text: string): boolean {
    return !this.isEmpty && this.countMatchingPhrases(text) === this.phrases.length
  }

  /** How many of the phrases this normalized text contains. */
  countMatchingPhrases(text: string): number {
    const padded = ` ${text} `
    return this.phrases.filter((phrase) => containsPhrase(padded, phrase)).length
  }
}

function* parsePhrases(text: string): Generator<SearchPhrase, void, void> {
  // Every second piece is in quotes. A quote that is not closed ends with the text.
  const pieces = text.split(/["\u201c\u201d\u201e]/)
  const rawTexts = pieces.flatMap((piece, index) => (index % 2 === 1 ? [piece] : piece.split(/\s+/)))
  const endsInQuotes = pieces.length % 2 === 0
  const phrases = rawTexts.flatMap((rawText) => {
    const normalized = normalizeSearchText(rawText)
    return normalized === '' ? [] : [{ terms: normalized.split(' '), isPrefix: false, rawText }]
  })
  const endsWithTerm = !endsInQuotes && normalizeSearchText(pieces.at(-1) ?? '') !== ''
  for (const [index, phrase] of phrases.entries()) {
    const isLast = index === phrases.length - 1
    yield { ...phrase, isPrefix: endsWithTerm && isLast && canBePrefix(phrase.terms.at(-1) ?? '') }
  }
}

function canBePrefix(term: string): boolean {
  return [...term].length >= minPrefixLength && !isSingleCharacterToken(term)
}

/** Whether every text that contains `phrase` also contains `other`, because their terms are equal. */
function implies(phrase: SearchPhrase, other: SearchPhrase): boolean {
  return phrase.terms.join(' ') === other.terms.join(' ') && (other.isPrefix || !phrase.isPrefix)
}

function containsPhrase(paddedText: string, { terms, isPrefix }: SearchPhrase): boolean {
  return paddedText.includes(` ${terms.join(' ')}${isPrefix ? '' : ' '}`)
}
