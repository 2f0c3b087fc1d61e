import { expandedForms, wordGroups } from './eliza-script.ts'

/** A word as it was written, and as patterns see it. */
export interface ClauseWord {
  readonly text: string
  readonly lower: string
}

/** A stretch of an utterance between two marks. */
export type Clause = readonly ClauseWord[]

// Longer texts than anybody says aloud would be echoed as they are.
const maxUtteranceLength = 4_000 // UTF-16 code units
const maxClauseWords = 60 // words
const maxWordLength = 60 // UTF-16 code units

const clauseSeparator = /[.,;:!?…。、！？()\n]+|\bbut\b/iu
const wordPattern = /[\p{L}\p{M}\p{N}]+(?:['-][\p{L}\p{M}\p{N}]+)*/gu
const addressPattern = /^\s*eliza\s*[,:!]|,\s*eliza\s*[.!?]*\s*$/giu
const contractionEndings = [
  [/n't$/, ' not'],
  [/'m$/, ' am'],
  [/'re$/, ' are'],
  [/'ve$/, ' have'],
  [/'ll$/, ' will'],
] as const

/** The clauses of an utterance, without empty ones; contractions are written out. */
export function splitClauses(utterance: string): Clause[] {
  const text = utterance.slice(0, maxUtteranceLength).toWellFormed().replaceAll('’', "'")
  return text
    .replace(addressPattern, ' ')
    .split(clauseSeparator)
    .map((part) => (part.match(wordPattern) ?? []).slice(0, maxClauseWords).flatMap(expandWord))
    .filter((clause) => clause.length > 0)
}

function expandWord(text: string): ClauseWord[] {
  const lower = text.toLowerCase()
  let expanded = Object.hasOwn(expandedForms, lower) ? expandedForms[lower] : undefined
  for (const [ending, replacement] of contractionEndings)
    if (expanded === undefined && ending.test(lower)) expanded = lower.replace(ending, replacement)
  if (expanded !== undefined) return expanded.split(' ').map((each) => ({ text: each, lower: each }))
  return [{ text: text.slice(0, maxWordLength).toWellFormed(), lower }]
}

/**
 * Cuts a clause into the pieces that a pattern's elements stand for, each `*` taking as little as it can; null when the
 * pattern does not fit.
 */
export function decompose(clause: Clause, pattern: string): Clause[] | null {
  return matchPattern(clause, pattern.split(' '))
}

function matchPattern(clause: Clause, [element, ...rest]: readonly string[]): Clause[] | null {
  if (element === undefined) return clause.length === 0 ? [] : null
  if (element === '*') {
    // At the end of the pattern there is nothing to try: the gap takes all that is left.
    for (let length = rest.length === 0 ? clause.length : 0; length <= clause.length; length++) {
      const pieces = matchPattern(clause.slice(length), rest)
      if (pieces) return [clause.slice(0, length), ...pieces]
    }
    return null
  }
  const [first, ...others] = clause
  if (first === undefined || !matchesElement(first.lower, element)) return null
  const pieces = matchPattern(others, rest)
  return pieces && [[first], ...pieces]
}

function matchesElement(lower: string, element: string): boolean {
  if (element.startsWith('@')) return wordGroups[element.slice(1)]?.includes(lower) ?? false
  return element.split('|').includes(lower)
}
