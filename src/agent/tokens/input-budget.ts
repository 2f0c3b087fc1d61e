/** The share of a context window that is kept for the answer. */
const answerShare = 0.25

/** What a request has to fit into. All counts are in tokens. */
export interface ContextWindowLimits {
  /** The window holds the input and the answer. */
  readonly contextWindow: number
  /** The longest answer of the model. Null: not known. */
  readonly maxOutputTokens?: number | null
}

/**
 * How many tokens of input a request may have: what the window leaves beside the answer, for which a quarter is kept, or
 * less if the model's answers are shorter in any case.
 */
export function computeInputBudget({ contextWindow, maxOutputTokens = null }: ContextWindowLimits): number {
  const answerTokens = Math.min(contextWindow * answerShare, maxOutputTokens ?? Number.POSITIVE_INFINITY)
  return Number.isFinite(contextWindow) ? Math.floor(contextWindow - answerTokens) : Number.POSITIVE_INFINITY
}
