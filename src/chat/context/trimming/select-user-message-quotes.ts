import { shortenText } from '../../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'
import type { UserMessageQuote } from '../../../model/context-summary.ts'

/** The first and the latest quote have at most this share of the tokens each. */
const endShare = 0.5
/** Less of a long message says too little. In tokens. */
const minQuoteTokens = 40
/** What stands around a quote. */
const quoteOverheadTokens = 4

/**
 * Selects quotes that have at most `maxTokens` together: the first and the latest one, of which a long one is cut to its
 * beginning and end, then the others from the newest backwards, as long as they fit as a whole. Their order stays.
 */
export function selectUserMessageQuotes(
  quotes: readonly UserMessageQuote[],
  maxTokens: number,
  counter: TokenCounter,
): UserMessageQuote[] {
  const selected = new Map<number, UserMessageQuote>()
  let remaining = maxTokens
  const select = (index: number, limit: number): boolean => {
    const quote = quotes[index]
    if (!quote || selected.has(index)) return true
    const text = limit < minQuoteTokens ? quote.text : shortenText(quote.text, limit - quoteOverheadTokens, counter)
    const tokens = counter.countText(text) + quoteOverheadTokens
    if (tokens > Math.min(limit, remaining)) return false
    selected.set(index, { ...quote, text })
    remaining -= tokens
    return true
  }
  select(0, maxTokens * endShare)
  select(quotes.length - 1, maxTokens * endShare)
  for (let index = quotes.length - 2; index > 0; index -= 1) {
    const tokens = counter.countText(quotes[index]?.text ?? '') + quoteOverheadTokens
    if (tokens > remaining || !select(index, Number.POSITIVE_INFINITY)) break
  }
  return [...selected].toSorted(([a], [b]) => a - b).map(([, quote]) => quote)
}
