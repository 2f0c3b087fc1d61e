import { GraphQLError, Lexer, Source, TokenKind } from 'graphql'

const openingKinds: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L])
const closingKinds: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R])

/**
 * Whether brackets of any kind are nested deeper than `maxNesting` in the first `maxTokens` tokens of a document, which are as
 * many as the parser reads. The parser and what follows it call themselves for each level, so that a deep document would
 * exceed the call stack. Reads only documents with so many brackets.
 */
export function isNestedDeeperThan(maxNesting: number, text: string, maxTokens: number): boolean {
  if (!hasMoreOpeningBrackets(text, maxNesting)) return false
  const lexer = new Lexer(new Source(text))
  let [nesting, tokens] = [0, 0]
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF && tokens < maxTokens; token = lexer.advance()) {
      tokens += 1
      if (openingKinds.has(token.kind)) nesting += 1
      else if (closingKinds.has(token.kind)) nesting -= 1
      if (nesting > maxNesting) return true
    }
  } catch (error) {
    // The parser stops at the same place, and says why.
    if (!(error instanceof GraphQLError)) throw error
  }
  return false
}

function hasMoreOpeningBrackets(text: string, max: number): boolean {
  let count = 0
  const brackets = /[{[(]/g
  while (count <= max && brackets.test(text)) count += 1
  return count > max
}
