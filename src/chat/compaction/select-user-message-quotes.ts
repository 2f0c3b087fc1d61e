import type { UserMessageQuote } from '../../model/context-summary.ts'
import type { MessageRecord } from '../../model/message.ts'
import { toMessageText } from '../../model/message-text.ts'
import { keepBeginningAndEnd, type TokenCounter } from './shorten-text.ts'

export interface QuoteLimits {
  /** All quotes together, in tokens. */
  readonly maxTokens: number
  /** The first and the latest quote, each, in tokens. */
  readonly maxSingleTokens: number
}

/** The first quote has at least so many tokens, if the message is that long: it says what the chat is about. */
export const minFirstQuoteTokens = 32
/** Less of a message than this says nothing. */
const minLatestQuoteTokens = 16
/** What marks a quote in the text for the model, in tokens. */
const quoteMarkTokens = 3

/** The messages of users that can be quoted, oldest first. */
export function toQuotes(messages: readonly MessageRecord[]): UserMessageQuote[] {
  return messages.flatMap(({ id, role, parts, withdrawn, position }) => {
    const text = toMessageText(parts).trim()
    return role === 'USER' && !withdrawn && position !== null && text !== '' ? [{ messageId: id, text }] : []
  })
}

/**
 * Selects the messages that stay word for word: the first of the conversation, the latest, then the newest that fit. Of
 * the first and the latest, the beginning and the end stay if they are too long. Keeps the order.
 */
export function selectUserMessageQuotes(
  candidates: readonly UserMessageQuote[],
  { maxTokens, maxSingleTokens }: QuoteLimits,
  countTokens: TokenCounter,
): UserMessageQuote[] {
  const [first, ...others] = candidates
  const latest = others.pop()
  if (!first) return []
  let available = maxTokens
  const quote = (candidate: UserMessageQuote, limit: number): UserMessageQuote => {
    const text = keepBeginningAndEnd(candidate.text, limit - quoteMarkTokens, countTokens)
    available -= countTokens(text) + quoteMarkTokens
    return { ...candidate, text }
  }
  const selected = [quote(first, Math.max(minFirstQuoteTokens, Math.min(maxSingleTokens, Math.floor(maxTokens / 2))))]
  const fits = (candidate: UserMessageQuote) => countTokens(candidate.text) + quoteMarkTokens <= available
  const newestFirst: UserMessageQuote[] = []
  if (latest && (available >= minLatestQuoteTokens || fits(latest)))
    newestFirst.push(quote(latest, Math.min(maxSingleTokens, available)))
  for (const candidate of others.toReversed()) {
    if (available <= quoteMarkTokens) break
    if (fits(candidate)) newestFirst.push(quote(candidate, available))
  }
  return [...selected, ...newestFirst.toReversed()]
}
