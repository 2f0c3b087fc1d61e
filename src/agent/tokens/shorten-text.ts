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
  const kept = Math.max(0, maxTokens - counter.countText(`\n${formatOmission(tokens)}\n`))
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
  return text.slice(0, findGraphemeStart(text, counter.findBeginningLength(text, maxTokens))).toWellFormed()
}

/** The longest end that has at most so many tokens, or a few more where it would split a grapheme cluster. */
function takeEnd(text: string, maxTokens: number, counter: TokenCounter): string {
  return text.slice(findGraphemeStart(text, text.length - counter.findEndLength(text, maxTokens))).toWellFormed()
}
