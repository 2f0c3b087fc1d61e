import { createHash } from 'node:crypto'
import { isSingleCharacterToken } from '../../../search/analyzer.ts'
import type { SearchPhrase, SearchQuery } from '../../../search/search-query.ts'

/** PostgreSQL's lexemes have at most 2,046 bytes. Of a longer term, its beginning finds the candidates. */
const maxTermLength = 200

/**
 * What the index knows of a normalized text: its terms, and each two characters that follow each other in a script without
 * spaces, because a single one finds too much. Separated by spaces.
 */
export function toLexemes(profile: string, text: string): string {
  const prefix = toPrefix(profile)
  return [...new Set(listLexemes(text.split(' ')))].map((lexeme) => `${prefix}${lexeme}`).join(' ')
}

/** The `tsquery` for texts that contain everything of which the phrases of a query consist. */
export function toTsquery(profile: string, { phrases }: SearchQuery): string {
  const operands = phrases.flatMap((phrase) => listOperands(profile, phrase))
  return [...new Set(operands)].join(' & ')
}

/** One index serves all profiles: with this, no search reads the entries of another profile, apart from collisions. */
function toPrefix(profile: string): string {
  return `${createHash('sha256').update(profile).digest('base64url').slice(0, 6)}/`
}

function listOperands(profile: string, { terms, isPrefix }: SearchPhrase): string[] {
  const prefix = toPrefix(profile)
  const lexemes = listLexemes(isPrefix ? terms.slice(0, -1) : terms)
  const operands = lexemes.map((lexeme) => quoteLexeme(`${prefix}${lexeme}`))
  return isPrefix ? [...operands, `${quoteLexeme(`${prefix}${cutTerm(terms.at(-1) ?? '')}`)}:*`] : operands
}

function listLexemes(terms: readonly string[]): string[] {
  return terms.flatMap((term, index) => {
    const next = terms[index + 1] ?? ''
    const isPair = isSingleCharacterToken(term) && isSingleCharacterToken(next)
    return isPair ? [cutTerm(term), `${term}${next}`] : [cutTerm(term)]
  })
}

function cutTerm(term: string): string {
  return term.length > maxTermLength ? [...term].slice(0, maxTermLength).join('') : term
}

function quoteLexeme(lexeme: string): string {
  return `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
