/** How much a model is sent next of a session, in its tokens. The three parts add up to `tokens`. */
export interface ContextSize {
  /** The id of the model whose tokens they are. Null: it is not known any more. */
  readonly model: string | null
  readonly tokens: number
  /** Of the instructions (system prompt). */
  readonly instructions: number
  /** Of the tools, and of notes about them. */
  readonly tools: number
  /** Of the summary and the messages. */
  readonly history: number
  /**
   * How many of the model's tokens a token of Segue's estimates was when instructions and tools were counted: more is learned
   * of that with each request. Null: an earlier version has counted them.
   */
  readonly scale: number | null
  /** Whether Segue has estimated them. Otherwise the provider has counted them. */
  readonly estimated: boolean
}

/** The same with what the model has room for. */
export interface SessionContext extends ContextSize {
  /** What the model's context window holds, in tokens: the input and the answer. Null while that is not known. */
  readonly window: number | null
  /** The size above which the session is summarised after a turn. Null while the window is not known, or if that is never. */
  readonly compactsAt: number | null
}
