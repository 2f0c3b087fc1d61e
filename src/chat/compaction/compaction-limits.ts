/** The lengths that a compaction keeps to, in tokens. */
export interface CompactionLimits {
  /** A request for a summary, with the chat in it. The rest of the window is for the summary, and for errors of the estimate. */
  readonly maxPromptTokens: number
  /** A text file, or the arguments or the result of a tool call, in a request for a summary. */
  readonly maxAttachedTokens: number
  readonly maxSummaryTokens: number
  /** All quotes together. */
  readonly maxQuoteTokens: number
  /** The first and the latest quote, each. */
  readonly maxSingleQuoteTokens: number
  /** The newest turns that are not summarised. */
  readonly maxVerbatimTokens: number
  /** The same for the turns that are to stay verbatim in any case. */
  readonly maxRequiredVerbatimTokens: number
}

/** The share of the window that is kept for an answer. */
const answerFraction = 1 / 4
/** A summary is short, and so is the thinking about it. */
const maxSummaryAnswerTokens = 16_384
/** The share of the rest that a prompt may fill. Estimates of tokens are not exact. */
const promptFraction = 0.9
const maxAttachedFraction = 1 / 8
const greatestAttachedTokens = 2_000
/** What summary, quotes and verbatim turns share is at least this part of the window, however much is reserved. */
const minInputFraction = 1 / 4
const maxQuotesFraction = 1 / 3
const maxSingleQuoteFraction = 1 / 6
const maxSummaryFraction = 1 / 6
const maxVerbatimFraction = 1 / 4
const maxRequiredVerbatimFraction = 1 / 2

/** A shorter summary says nothing. */
export const minSummaryTokens = 48
/** A longer summary is not read with care. */
const greatestSummaryTokens = 4_000

/** Divides a context window among what a request contains after a compaction. `reservedTokens` are for the rest of it. */
export function computeCompactionLimits(contextWindow: number, reservedTokens: number): CompactionLimits {
  const share = Math.max(contextWindow * (1 - answerFraction) - reservedTokens, contextWindow * minInputFraction)
  const answerTokens = Math.min(contextWindow * answerFraction, maxSummaryAnswerTokens)
  const maxSummaryTokens = Math.min(Math.max(share * maxSummaryFraction, minSummaryTokens), greatestSummaryTokens)
  const maxPromptTokens = Math.floor((contextWindow - answerTokens) * promptFraction)
  return {
    maxPromptTokens,
    maxAttachedTokens: Math.min(Math.floor(maxPromptTokens * maxAttachedFraction), greatestAttachedTokens),
    maxSummaryTokens: Math.floor(maxSummaryTokens),
    maxQuoteTokens: Math.floor(share * maxQuotesFraction),
    maxSingleQuoteTokens: Math.floor(share * maxSingleQuoteFraction),
    maxVerbatimTokens: Math.floor(share * maxVerbatimFraction),
    maxRequiredVerbatimTokens: Math.floor(share * maxRequiredVerbatimFraction),
  }
}
