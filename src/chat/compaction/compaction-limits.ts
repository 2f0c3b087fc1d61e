import { computeInputBudget } from '../../agent/tokens/input-budget.ts'
import { maxQuotesShare } from '../context/trimming/select-user-message-quotes.ts'

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

/** A summary is short, and so is the thinking about it. */
const maxSummaryAnswerTokens = 16_384
/** The share of the rest that a prompt may fill. Estimates of tokens are not exact. */
const promptShare = 0.9
const maxAttachedShare = 1 / 8
const greatestAttachedTokens = 2_000
/** What summary, quotes and verbatim turns share is at least this part of the window, however much is reserved. */
const minInputShare = 1 / 4
const maxSingleQuoteShare = 1 / 6
const maxSummaryShare = 1 / 6
const maxVerbatimShare = 1 / 4
const maxRequiredVerbatimShare = 1 / 2

/** A shorter summary says nothing. */
export const minSummaryTokens = 48
/** A longer summary is not read with care. */
const greatestSummaryTokens = 4_000

/** Divides a context window among what a request contains after a compaction. `reservedTokens` are for the rest of it. */
export function computeCompactionLimits(contextWindow: number, reservedTokens: number): CompactionLimits {
  const inputTokens = Math.max(computeInputBudget({ contextWindow }) - reservedTokens, contextWindow * minInputShare)
  const maxSummaryTokens = Math.min(Math.max(inputTokens * maxSummaryShare, minSummaryTokens), greatestSummaryTokens)
  const promptBudget = computeInputBudget({ contextWindow, maxOutputTokens: maxSummaryAnswerTokens })
  const maxPromptTokens = Math.floor(promptBudget * promptShare)
  return {
    maxPromptTokens,
    maxAttachedTokens: Math.min(Math.floor(maxPromptTokens * maxAttachedShare), greatestAttachedTokens),
    maxSummaryTokens: Math.floor(maxSummaryTokens),
    maxQuoteTokens: Math.floor(inputTokens * maxQuotesShare),
    maxSingleQuoteTokens: Math.floor(inputTokens * maxSingleQuoteShare),
    maxVerbatimTokens: Math.floor(inputTokens * maxVerbatimShare),
    maxRequiredVerbatimTokens: Math.floor(inputTokens * maxRequiredVerbatimShare),
  }
}
