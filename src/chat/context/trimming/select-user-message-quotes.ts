import { shortenText } from '../../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'
import type { UserMessageQuote } from '../../../model/context/context-summary.ts'

/** In tokens. */
export interface UserMessageQuoteLimits {
  /** All quotes together. */
  readonly maxTokens: number
  /** The first and the latest quote, each. */
  readonly maxSingleTokens: number
  /** What the first quote has in any case, if the message is that long: it says what the chat is about. Default: 0. */
  readonly minFirstTokens?: number
}

/** All quotes together, as a share of the context window or of what a request leaves of it. */
export const maxQuotesShare = 1 / 3
/** Less of a long message says too little. In tokens. */
const minExcerptTokens = 24
/** What stands around a quote. */
const quoteOverheadTokens = 4

/**
 * Selects quotes that fit: the first and the latest one, of which a long one is cut to its beginning and end, then the
 * others from the newest backwards, those that fit as a whole. Their order stays.
 */
export function selectUserMessageQuotes(
  quotes: readonly UserMessageQuote[],
  { maxTokens, maxSingleTokens, minFirstTokens = 0 }: UserMessageQuoteLimits,
  counter: TokenCounter,
): UserMessageQuote[] {
  const selected = new Map<number, UserMessageQuote>()
  let remaining = maxTokens
  const select = (index: number, limit: number): void => {
    const quote = quotes[index]
    if (!quote || selected.has(index)) return
    const tokens = counter.countText(quote.text) + quoteOverheadTokens
    if (tokens > limit && limit < minExcerptTokens) return
    const text = tokens <= limit ? quote.text : shortenText(quote.text, limit - quoteOverheadTokens, counter)
    selected.set(index, { ...quote, text })
    remaining -= counter.countText(text) + quoteOverheadTokens
  }
  select(0, Math.max(minFirstTokens, Math.min(maxSingleTokens, remaining / 2)))
  select(quotes.length - 1, Math.min(maxSingleTokens, remaining))
  for (let index = quotes.length - 2; index > 0; index -= 1) {
    if (remaining <= quoteOverheadTokens) break
    const tokens = counter.countText(quotes[index]?.text ?? '') + quoteOverheadTokens
    if (tokens <= remaining) select(index, remaining)
  }
  return [...selected].toSorted(([a], [b]) => a - b).map(([, quote]) => quote)
}
