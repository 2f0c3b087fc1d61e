import { findGraphemeStart } from '../../lib/text/truncate.ts'
import type { TokenCounter } from './token-counter.ts'

/** The beginning usually says more than the end. */
const beginningShare = 2 / 3
/**
 * Shortens a text to about `maxTokens`: to its beginning and its end around a note of how much is left out. A text that is
 * shorter is returned as it is.
 */
export function shortenText(text: string, maxTokens: number, counter: TokenCounter): string {
  const tokens = counter.countText(text)
  if (tokens <= maxTokens) return text
  const kept = Math.max(0, maxTokens - counter.countText(formatOmission(tokens)))
  const beginning = takeBeginning(text, kept * beginningShare, counter)
  const end = takeEnd(text.slice(beginning.length), kept * (1 - beginningShare), counter)
  const omittedTokens = tokens - counter.countText(beginning) - counter.countText(end)
  return [beginning, formatOmission(omittedTokens), end].filter((part) => part !== '').join('\n')
}

function formatOmission(tokens: number): string {
  return `[… about ${tokens} tokens are left out …]`
}

/** The longest beginning that has at most so many tokens. It splits no grapheme cluster. */
export function takeBeginning(text: string, maxTokens: number, counter: TokenCounter): string {
  const length = findLength(text.length, maxTokens, (codeUnits) => counter.countText(text.slice(0, codeUnits)))
  return text.slice(0, findGraphemeStart(text, length)).toWellFormed()
}

function takeEnd(text: string, maxTokens: number, counter: TokenCounter): string {
  const length = findLength(text.length, maxTokens, (codeUnits) =>
    counter.countText(text.slice(text.length - codeUnits)),
  )
  return text.slice(findGraphemeStart(text, text.length - length)).toWellFormed()
}

/** The greatest length that `count` finds to be within `maxTokens`. It grows with the length. */
function findLength(maxLength: number, maxTokens: number, count: (length: number) => number): number {
  // No estimate has more than ten code units to a token.
  let [low, high] = [0, Math.min(maxLength, Math.ceil(maxTokens * 10))]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (count(middle) <= maxTokens) low = middle
    else high = middle - 1
  }
  return low
}
