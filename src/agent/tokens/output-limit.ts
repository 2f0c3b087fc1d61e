import type { ContextWindowLimits } from './input-budget.ts'

/** Estimates of tokens are not exact. */
const safetyFactor = 1.05
/** What the SDK asks for if it does not know a model. */
const unknownModelOutputTokens = 4096
/** The most that it asks for otherwise. */
const greatestOutputTokens = 128_000

export interface OutputLimitRequest extends ContextWindowLimits {
  /** How long the input is. */
  readonly inputTokens: number
  /** The name of the model, without its provider. */
  readonly model: string
}

/**
 * How many tokens an answer may have, for formats in which each request says that. The SDK asks for the longest answer of
 * the model, whatever the input leaves of the window, and servers refuse that together. Undefined: what the SDK asks for fits.
 */
export function computeOutputLimit(request: OutputLimitRequest): number | undefined {
  const { contextWindow, maxOutputTokens = null, inputTokens, model } = request
  const room = Math.max(1, Math.floor(contextWindow - inputTokens * safetyFactor))
  if (maxOutputTokens !== null) return Math.min(room, maxOutputTokens)
  // The SDK knows the models of Anthropic, and never asks for more than they can write.
  const expected = model.includes('claude') ? greatestOutputTokens : unknownModelOutputTokens
  return room < expected ? room : undefined
}
