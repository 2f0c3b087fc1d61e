import { fullForms, groups } from './eliza-script.ts'

/** A word as it was written, and as patterns see it. */
export interface Word {
  readonly text: string
  readonly lower: string
}

/** A stretch of an utterance between two marks. */
export type Clause = readonly Word[]

// Longer texts than anybody says aloud would be echoed as they are.
const longestUtterance = 4_000 // UTF-16 code units
const longestClause = 60 // words
const longestWord = 60 // UTF-16 code units

const marks = /[.,;:!?…。、！？()\n]+|\bbut\b/iu
const word = /[\p{L}\p{M}\p{N}]+(?:['-][\p{L}\p{M}\p{N}]+)*/gu
const addressed = /^\s*eliza\s*[,:!]|,\s*eliza\s*[.!?]*\s*$/giu
const endings = [
  [/n't$/, ' not'],
  [/'m$/, ' am'],
  [/'re$/, ' are'],
  [/'ve$/, ' have'],
  [/'ll$/, ' will'],
] as const

/** The clauses of an utterance, without empty ones; contractions are written out. */
export function clausesOf(utterance: string): Clause[] {
  const text = utterance.slice(0, longestUtterance).toWellFormed().replaceAll('’', "'")
  return text
    .replace(addressed, ' ')
    .split(marks)
    .map((part) => (part.match(word) ?? []).slice(0, longestClause).flatMap(inFull))
    .filter((clause) => clause.length > 0)
}

function inFull(text: string): Word[] {
  const lower = text.toLowerCase()
  let full = Object.hasOwn(fullForms, lower) ? fullForms[lower] : undefined
  for (const [ending, written] of endings)
    if (full === undefined && ending.test(lower)) full = lower.replace(ending, written)
  if (full !== undefined) return full.split(' ').map((each) => ({ text: each, lower: each }))
  return [{ text: text.slice(0, longestWord).toWellFormed(), lower }]
}

/**
 * Cuts a clause into the pieces that a pattern's elements stand for, each `*` taking as little as it can; null when the
 * pattern does not fit.
 */
export function decompose(clause: Clause, pattern: string): Clause[] | null {
  return cut(clause, pattern.split(' '))
}

function cut(clause: Clause, [element, ...rest]: readonly string[]): Clause[] | null {
  if (element === undefined) return clause.length === 0 ? [] : null
  if (element === '*') {
    // At the end of the pattern there is nothing to try: the gap takes all that is left.
    for (let length = rest.length === 0 ? clause.length : 0; length <= clause.length; length++) {
      const pieces = cut(clause.slice(length), rest)
      if (pieces) return [clause.slice(0, length), ...pieces]
    }
    return null
  }
  const [first, ...others] = clause
  if (first === undefined || !stands(first.lower, element)) return null
  const pieces = cut(others, rest)
  return pieces && [[first], ...pieces]
}

function stands(lower: string, element: string): boolean {
  if (element.startsWith('@')) return groups[element.slice(1)]?.includes(lower) ?? false
  return element.split('|').includes(lower)
}
