import type { ModelMessage, ToolSet } from 'ai'

/** What one request to a model contains. */
export interface ComposedRequest {
  readonly messages: readonly ModelMessage[]
  readonly tools: ToolSet
  /** Estimated. */
  readonly messageTokens: number
  readonly toolTokens: number
}
