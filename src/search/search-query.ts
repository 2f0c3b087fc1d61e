import { normalizeText, isSingleCharacterToken } from './analyzer.ts'

/** How well something answers a query, the best first: what hits are ordered by before anything else. */
export const searchRanks = ['TITLE', 'LITERAL', 'BEGINNING', 'WORDS'] as const

/**
 * TITLE: a title holds all the words. The others are of messages: LITERAL, its text holds what was typed, word for word
 * and in that order; BEGINNING, the same with the last word as the beginning of a longer one; WORDS, it holds all the
 * words somewhere.
 */
export type SearchRank = (typeof searchRanks)[number]

/** A word of a query, or several that have to follow each other. */
export interface Phrase {
  /** Folded, at least one. */
  readonly words: readonly string[]
  /** The last word may be the beginning of a longer one. */
  readonly isPrefix: boolean
  /** As it was typed. */
  readonly rawText: string
}

const maxQueryLength = 1_000 // UTF-16 code units
const maxPhrases = 32
const minPrefixLength = 3 // characters; fewer begin so many words that looking for them all takes too long

/**
 * What somebody looks for. Any text is one: words that all have to be there in any order, "words in quotes" that have to
 * follow each other, and the last word, if it has three letters and is not in quotes, also as the beginning of a longer
 * one. There are no operators. Signs separate words: what they join has to stand together, as in node.js.
 */
export class SearchQuery {
  readonly phrases: readonly Phrase[]
  /** All words that were typed, as one phrase. */
  readonly fullPhrase: Phrase

  /** Of a longer text the first 1,000 UTF-16 code units count, and of them the first 32 words and phrases. */
  constructor(text: string) {
    const phrases = [...parsePhrases(text.slice(0, maxQueryLength).toWellFormed())].slice(0, maxPhrases)
    this.phrases = phrases.filter(
      (phrase, index) => !phrases.slice(index + 1).some((later) => impliesPhrase(later, phrase)),
    )
    const words = phrases.flatMap((phrase) => phrase.words)
    this.fullPhrase = { words, isPrefix: phrases.at(-1)?.isPrefix ?? false, rawText: text }
  }

  /** It has no word, and so finds nothing. */
  get isEmpty(): boolean {
    return this.phrases.length === 0
  }

  /** How a message with this folded text answers it; null when it does not. */
  rankText(text: string): Exclude<SearchRank, 'TITLE'> | null {
    if (!this.matches(text)) return null
    if (containsPhrase(` ${text} `, { ...this.fullPhrase, isPrefix: false })) return 'LITERAL'
    return containsPhrase(` ${text} `, this.fullPhrase) ? 'BEGINNING' : 'WORDS'
  }

  /** All its words are in this folded text. */
  matches(text: string): boolean {
    return !this.isEmpty && this.countMatchingPhrases(text) === this.phrases.length
  }

  /** How many of its phrases are in this folded text. */
  countMatchingPhrases(text: string): number {
    const padded = ` ${text} `
    return this.phrases.filter((phrase) => containsPhrase(padded, phrase)).length
  }

  /** Whoever holds all that was typed holds it word for word. */
  get #isSinglePhrase(): boolean {
    return this.phrases.length === 1 && this.phrases[0]?.words.length === this.fullPhrase.words.length
  }

  /**
   * The expression by which FTS5 finds the folded texts of a rank, and not those of a better one; null when there can be
   * none.
   */
  toFtsExpression(rank: SearchRank): string | null {
    const fullPhrase = toFtsPhrase({ ...this.fullPhrase, isPrefix: false })
    const phrasePrefix = toFtsPhrase(this.fullPhrase)
    const allTerms = this.phrases.map(toFtsPhrase).join(' AND ')
    if (this.isEmpty) return null
    switch (rank) {
      case 'TITLE':
        return allTerms
      case 'LITERAL':
        return fullPhrase
      case 'BEGINNING':
        return this.fullPhrase.isPrefix ? `${phrasePrefix} NOT ${fullPhrase}` : null
      case 'WORDS':
        return this.#isSinglePhrase ? null : `(${allTerms}) NOT ${phrasePrefix}`
    }
  }
}

function* parsePhrases(text: string): Generator<Phrase, void, void> {
  // Every second piece is in quotes; one that nobody closed ends with the text.
  const pieces = text.split(/["\u201c\u201d\u201e]/)
  const rawPhrases = pieces.flatMap((piece, index) => (index % 2 === 1 ? [piece] : piece.split(/\s+/)))
  const isQuoted = pieces.length % 2 === 0
  const phrases = rawPhrases.flatMap((piece) => {
    const words = normalizeText(piece)
    return words === '' ? [] : [{ words: words.split(' '), isPrefix: false, rawText: piece }]
  })
  const endsWithPrefix = !isQuoted && normalizeText(pieces.at(-1) ?? '') !== ''
  for (const [index, phrase] of phrases.entries()) {
    yield {
      ...phrase,
      isPrefix: endsWithPrefix && index === phrases.length - 1 && canBePrefix(phrase.words.at(-1) ?? ''),
    }
  }
}

function canBePrefix(word: string): boolean {
  return [...word].length >= minPrefixLength && !isSingleCharacterToken(word)
}

/** Whatever holds the one phrase holds the other, too, for they are the same. */
function impliesPhrase(phrase: Phrase, other: Phrase): boolean {
  return phrase.words.join(' ') === other.words.join(' ') && (other.isPrefix || !phrase.isPrefix)
}

function containsPhrase(padded: string, { words, isPrefix }: Phrase): boolean {
  return padded.includes(` ${words.join(' ')}${isPrefix ? '' : ' '}`)
}

/** Folded words hold no quotes. */
function toFtsPhrase({ words, isPrefix }: Phrase): string {
  return `"${words.join(' ')}"${isPrefix ? ' *' : ''}`
}
