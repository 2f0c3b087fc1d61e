/** Remembers how long the requests to a model may be, and how it counts tokens. */
export interface ContextSizeObserver {
  /** A refusal named the context window, in tokens. */
  reportContextWindow(tokens: number): void
  /** A refusal named no context window. This one is tried next, in tokens as they are counted for the model. */
  reportAssumedContextWindow(tokens: number): void
  /** A request of this many tokens, as they are counted for the model, was accepted. */
  reportAcceptedTokens(tokens: number): void
  /** The provider has counted the tokens of a request. */
  reportTokenCount(count: RequestTokenCount): void
  /** What the latest request had beside the messages of the chat, in tokens as they are counted for the model. */
  reportReservedTokens(tokens: number): void
}

/** The tokens of a request without files, whose tokens are hard to estimate. */
export interface RequestTokenCount {
  /** Without the scale that was learned for the model. */
  readonly estimatedTokens: number
  readonly countedTokens: number
  /** The provider refused it as too long. */
  readonly isRefused: boolean
}
