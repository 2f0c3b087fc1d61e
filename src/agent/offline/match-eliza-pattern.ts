import { expandedForms, wordGroups } from './eliza-script.ts'

/** A word of a clause. Patterns match its lower-case form. */
export interface ElizaClauseWord {
  readonly text: string
  readonly lower: string
}

/** The words of an utterance between two punctuation marks. */
export type ElizaClause = readonly ElizaClauseWord[]

// Limits, so that pasted text is not echoed in full.
const maxUtteranceLength = 4_000 // UTF-16 code units
const maxClauseWords = 60
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

/** Splits an utterance into its non-empty clauses, and expands contractions. */
export function splitUtteranceClauses(utterance: string): ElizaClause[] {
  const text = utterance.slice(0, maxUtteranceLength).toWellFormed().replaceAll('’', "'")
  return text
    .replace(addressPattern, ' ')
    .split(clauseSeparator)
    .map((part) => (part.match(wordPattern) ?? []).slice(0, maxClauseWords).flatMap(expandWord))
    .filter((clause) => clause.length > 0)
}

function expandWord(text: string): ElizaClauseWord[] {
  const lower = text.toLowerCase()
  let expanded = Object.hasOwn(expandedForms, lower) ? expandedForms[lower] : undefined
  for (const [ending, replacement] of contractionEndings)
    if (expanded === undefined && ending.test(lower)) expanded = lower.replace(ending, replacement)
  if (expanded !== undefined) return expanded.split(' ').map((each) => ({ text: each, lower: each }))
  return [{ text: text.slice(0, maxWordLength).toWellFormed(), lower }]
}

/**
 * Matches a clause against a pattern. Returns the words for each element of the pattern, or null if it does not match.
 * Each `*` matches as few words as possible.
 */
export function matchElizaPattern(clause: ElizaClause, pattern: string): ElizaClause[] | null {
  return matchPattern(clause, pattern.split(' '))
}

function matchPattern(clause: ElizaClause, [element, ...rest]: readonly string[]): ElizaClause[] | null {
  if (element === undefined) return clause.length === 0 ? [] : null
  if (element === '*') {
    // The last element takes all remaining words.
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
