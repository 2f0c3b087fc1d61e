/** A piece of a text, and whether it is what was searched for. */
export interface TextPiece {
  readonly text: string
  readonly isMatch: boolean
}

const wordPattern = /[\p{L}\p{N}\p{M}]+/gu
const minPrefixLength = 3

/** Splits a text at the words of a search, as the server finds them: without case and accents, the last word as a beginning. */
export function splitMatches(text: string, query: string): TextPiece[] {
  const words = (query.match(wordPattern) ?? []).map(fold)
  const last = words.at(-1) ?? ''
  const isPrefix = last.length >= minPrefixLength && !query.trimEnd().endsWith('"')
  const matches = (word: string): boolean => words.includes(word) || (isPrefix && word.startsWith(last))
  const pieces: TextPiece[] = []
  let end = 0
  for (const { 0: word, index } of text.matchAll(wordPattern)) {
    if (!matches(fold(word))) continue
    if (index > end) pieces.push({ text: text.slice(end, index), isMatch: false })
    pieces.push({ text: word, isMatch: true })
    end = index + word.length
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isMatch: false })
  return pieces
}

function fold(word: string): string {
  return word.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}
