import type { ContextSize } from '../../model/context/context-size.ts'
import type { Usage } from '../../model/usage.ts'

/** What a request had beside its history, in tokens. */
export interface RequestPartSizes {
  readonly instructions: number
  readonly tools: number
}

/** A step that has ended. Counts are in tokens. */
export interface EndedStep extends RequestPartSizes {
  /** The id of the model. */
  readonly model: string
  /** What its request was estimated to have. */
  readonly estimatedInputTokens: number
  readonly usage: Usage
}

/** Counts that are smaller than this share of the estimate are wrong, such as those without a cached beginning. */
const leastShare = 0.5

/**
 * What the model is sent next after a step, by what the provider has counted: the request, and the answer without its
 * reasoning. Null if the provider's figures are unknown, or cannot be true.
 */
export function toContextSizeAfterStep(step: EndedStep): ContextSize | null {
  const { model, estimatedInputTokens, usage, instructions, tools } = step
  if (usage.estimated || usage.inputTokens < estimatedInputTokens * leastShare) return null
  const tokens = usage.inputTokens + Math.max(0, usage.outputTokens - usage.reasoningTokens)
  const history = tokens - instructions - tools
  return history < 0 ? null : { model, tokens, instructions, tools, history, estimated: false }
}
