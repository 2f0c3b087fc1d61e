import { folded, standsAlone } from './analyzer.ts'

/** How well something answers a query, the best first: what hits are ordered by before anything else. */
export const ranks = ['TITLE', 'LITERAL', 'BEGINNING', 'WORDS'] as const

/**
 * TITLE: a title holds all the words. The others are of messages: LITERAL, its text holds what was typed, word for word
 * and in that order; BEGINNING, the same with the last word as the beginning of a longer one; WORDS, it holds all the
 * words somewhere.
 */
export type Rank = (typeof ranks)[number]

/** A word of a query, or several that have to follow each other. */
export interface Phrase {
  /** Folded, at least one. */
  readonly words: readonly string[]
  /** The last word may be the beginning of a longer one. */
  readonly open: boolean
  /** As it was typed. */
  readonly typed: string
}

const longest = 1_000 // UTF-16 code units
const mostPhrases = 32
const shortestBeginning = 3 // characters; fewer begin so many words that looking for them all takes too long

/**
 * What somebody looks for. Any text is one: words that all have to be there in any order, "words in quotes" that have to
 * follow each other, and the last word, if it has three letters and is not in quotes, also as the beginning of a longer
 * one. There are no operators. Signs separate words: what they join has to stand together, as in node.js.
 */
export class SearchQuery {
  readonly phrases: readonly Phrase[]
  /** All words that were typed, as one phrase. */
  readonly literal: Phrase

  /** Of a longer text the first 1,000 UTF-16 code units count, and of them the first 32 words and phrases. */
  constructor(text: string) {
    const phrases = [...phrasesOf(text.slice(0, longest).toWellFormed())].slice(0, mostPhrases)
    this.phrases = phrases.filter((phrase, index) => !phrases.slice(index + 1).some((later) => covers(later, phrase)))
    const words = phrases.flatMap((phrase) => phrase.words)
    this.literal = { words, open: phrases.at(-1)?.open ?? false, typed: text }
  }

  /** It has no word, and so finds nothing. */
  get isEmpty(): boolean {
    return this.phrases.length === 0
  }

  /** How a message with this folded text answers it; null when it does not. */
  rankOf(text: string): Exclude<Rank, 'TITLE'> | null {
    if (!this.isIn(text)) return null
    if (holds(` ${text} `, { ...this.literal, open: false })) return 'LITERAL'
    return holds(` ${text} `, this.literal) ? 'BEGINNING' : 'WORDS'
  }

  /** All its words are in this folded text. */
  isIn(text: string): boolean {
    return !this.isEmpty && this.phrasesIn(text) === this.phrases.length
  }

  /** How many of its phrases are in this folded text. */
  phrasesIn(text: string): number {
    const padded = ` ${text} `
    return this.phrases.filter((phrase) => holds(padded, phrase)).length
  }

  /** Whoever holds all that was typed holds it word for word. */
  get #isOnePhrase(): boolean {
    return this.phrases.length === 1 && this.phrases[0]?.words.length === this.literal.words.length
  }

  /**
   * The expression by which FTS5 finds the folded texts of a rank, and not those of a better one; null when there can be
   * none.
   */
  expression(rank: Rank): string | null {
    const literal = matching({ ...this.literal, open: false })
    const beginning = matching(this.literal)
    const words = this.phrases.map(matching).join(' AND ')
    if (this.isEmpty) return null
    switch (rank) {
      case 'TITLE':
        return words
      case 'LITERAL':
        return literal
      case 'BEGINNING':
        return this.literal.open ? `${beginning} NOT ${literal}` : null
      case 'WORDS':
        return this.#isOnePhrase ? null : `(${words}) NOT ${beginning}`
    }
  }
}

function* phrasesOf(text: string): Generator<Phrase, void, void> {
  // Every second piece is in quotes; one that nobody closed ends with the text.
  const pieces = text.split(/["\u201c\u201d\u201e]/)
  const typed = pieces.flatMap((piece, index) => (index % 2 === 1 ? [piece] : piece.split(/\s+/)))
  const isQuoted = pieces.length % 2 === 0
  const phrases = typed.flatMap((piece) => {
    const words = folded(piece)
    return words === '' ? [] : [{ words: words.split(' '), open: false, typed: piece }]
  })
  const endsOpen = !isQuoted && folded(pieces.at(-1) ?? '') !== ''
  for (const [index, phrase] of phrases.entries()) {
    yield { ...phrase, open: endsOpen && index === phrases.length - 1 && canBegin(phrase.words.at(-1) ?? '') }
  }
}

function canBegin(word: string): boolean {
  return [...word].length >= shortestBeginning && !standsAlone(word)
}

/** Whatever holds the one phrase holds the other, too, for they are the same. */
function covers(phrase: Phrase, other: Phrase): boolean {
  return phrase.words.join(' ') === other.words.join(' ') && (other.open || !phrase.open)
}

function holds(padded: string, { words, open }: Phrase): boolean {
  return padded.includes(` ${words.join(' ')}${open ? '' : ' '}`)
}

/** Folded words hold no quotes. */
function matching({ words, open }: Phrase): string {
  return `"${words.join(' ')}"${open ? ' *' : ''}`
}
