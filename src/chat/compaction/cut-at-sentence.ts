import { takeBeginning } from '../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../agent/tokens/token-counter.ts'

/** How far back a text is cut to end with a sentence or a word, as a share of its length. */
const maxCutBackShare = 0.3

/** Shortens a text to at most `maxTokens`, at the end of a sentence or at least of a word, if one is near. */
export function cutAtSentence(text: string, maxTokens: number, counter: TokenCounter): string {
  if (counter.countText(text) <= maxTokens) return text
  const beginning = takeBeginning(text, maxTokens, counter)
  const minLength = beginning.length * (1 - maxCutBackShare)
  const ends = [...beginning.matchAll(/[.!?](?=\s)|[。！？]|\n/g)].map(({ index }) => index + 1)
  const sentenceEnd = ends.findLast((end) => end >= minLength)
  return beginning.slice(0, sentenceEnd ?? findWordEnd(beginning, minLength)).trimEnd()
}

/** Where a text can be cut so that its last word is complete: not before `minLength`, else at its end. */
export function findWordEnd(text: string, minLength: number): number {
  const wordEnd = text.search(/\s\S*$/)
  return wordEnd >= minLength && wordEnd > 0 ? wordEnd : text.length
}
