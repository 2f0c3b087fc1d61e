/** Token counts. Reasoning tokens are part of the output tokens, cached ones of the input tokens. */
export interface Usage {
  /** Whether any count is Segue's estimate, because a provider sent none. */
  readonly estimated: boolean
  readonly inputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly cachedInputTokens: number
}

export const noUsage: Usage = {
  estimated: false,
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cachedInputTokens: 0,
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    estimated: a.estimated || b.estimated,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
  }
}
