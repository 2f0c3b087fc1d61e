import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'
import { TextLengthCache } from './text-length-cache.ts'
import { TextTokenScanner } from './text-token-scanner.ts'
import type { TokenizerName } from './token-weights.ts'

/** Each request of a chat counts the same texts again. */
const caches: Readonly<Record<TokenizerName, TextLengthCache>> = {
  o200k: new TextLengthCache(),
  qwen: new TextLengthCache(),
}

/** In UTF-16 code units. A longer text is estimated in steps. */
const stepLength = 65_536

/** Estimates the number of tokens of a text. It takes time in proportion to its length, and is not rounded. */
export function estimateTextTokens(text: string, tokenizer: TokenizerName): number {
  return caches[tokenizer].getOrCompute(text, () => computeTextTokens(text, tokenizer))
}

/** Estimates texts in steps that yield to the event loop, so that an estimate of all of them takes only a moment. */
export async function estimateTextsInSteps(texts: Iterable<string>): Promise<void> {
  for (const text of texts) {
    if (turnScheduler.mustWait()) await turnScheduler.wait()
    if (text.length <= stepLength) estimateTextTokens(text, 'o200k')
    else await caches.o200k.getOrComputeLater(text, computeTextTokensInSteps)
  }
}

/** The length of the longest beginning of a text that is estimated to have at most so many tokens, in UTF-16 code units. */
export function findBeginningLength(text: string, maxTokens: number, tokenizer: TokenizerName): number {
  const scanner = new TextTokenScanner(tokenizer)
  let tokens = 0
  for (let index = 0; index < text.length; index += 1) {
    tokens += scanner.add(text.charCodeAt(index))
    if (tokens > maxTokens) return index
  }
  return text.length
}

/** The same for the end of a text. It may be a few code units shorter than the longest one. */
export function findEndLength(text: string, maxTokens: number, tokenizer: TokenizerName): number {
  const omittedTokens = estimateTextTokens(text, tokenizer) - maxTokens
  if (omittedTokens <= 0) return text.length
  let start = findBeginningLength(text, omittedTokens, tokenizer)
  // What a code unit adds depends on what is before it: the end alone may have more.
  while (start < text.length && computeTextTokens(text.slice(start), tokenizer) > maxTokens) start += 1
  return text.length - start
}

function computeTextTokens(text: string, tokenizer: TokenizerName): number {
  return scanText(text, new TextTokenScanner(tokenizer), 0, text.length)
}

async function computeTextTokensInSteps(text: string): Promise<number> {
  const scanner = new TextTokenScanner('o200k')
  let tokens = 0
  for (let start = 0; start < text.length; start += stepLength) {
    tokens += scanText(text, scanner, start, Math.min(start + stepLength, text.length))
    if (turnScheduler.mustWait()) await turnScheduler.wait()
  }
  return tokens
}

function scanText(text: string, scanner: TextTokenScanner, start: number, end: number): number {
  let tokens = 0
  for (let index = start; index < end; index += 1) tokens += scanner.add(text.charCodeAt(index))
  return tokens
}
