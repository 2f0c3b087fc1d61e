import type { ContextSize } from '../../model/context/context-size.ts'
import type { Usage } from '../../model/usage.ts'

/** What a request had beside its history, in tokens. */
export interface RequestPartSizes {
  readonly instructions: number
  readonly tools: number
  /** How many of the model's tokens a token of the estimates is. */
  readonly scale: number
}

/** A request that is sent. Counts are in tokens. */
export interface EstimatedRequest extends RequestPartSizes {
  /** The id of the model. */
  readonly model: string
  /** What it was estimated to have. */
  readonly estimatedInputTokens: number
}

/** A step that has ended. Counts are in tokens. */
export interface EndedStep extends EstimatedRequest {
  readonly usage: Usage
}

/** Counts that are smaller than this share of the estimate are wrong, such as those without a cached beginning. */
const leastShare = 0.5

/**
 * What the model is sent next after a step, by what the provider has counted: the request, and the answer without its
 * reasoning. Null if the provider's figures are unknown, or cannot be true.
 */
export function toContextSizeAfterStep(step: EndedStep): ContextSize | null {
  const { estimatedInputTokens, usage } = step
  if (usage.estimated || usage.inputTokens < estimatedInputTokens * leastShare) return null
  const tokens = usage.inputTokens + Math.max(0, usage.outputTokens - usage.reasoningTokens)
  return toContextSize(step, { tokens, estimated: false })
}

/** What the model is sent by a request, by its estimate. Null if that cannot be true. */
export function toContextSizeOfRequest(request: EstimatedRequest): ContextSize | null {
  return toContextSize(request, { tokens: request.estimatedInputTokens, estimated: true })
}

/** The size when the history has grown, or shrunk, by so many tokens, which are an estimate. */
export function addToHistory(size: ContextSize, tokens: number): ContextSize {
  if (tokens === 0) return size
  const history = Math.max(0, size.history + tokens)
  return { ...size, history, tokens: size.tokens - size.history + history, estimated: true }
}

function toContextSize(
  { model, instructions, tools, scale }: EstimatedRequest,
  { tokens, estimated }: Pick<ContextSize, 'tokens' | 'estimated'>,
): ContextSize | null {
  const history = tokens - instructions - tools
  return history < 0 ? null : { model, tokens, instructions, tools, history, scale, estimated }
}
