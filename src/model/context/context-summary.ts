/** What a user said, word for word; of a very long message, the beginning and the end around a note of what is left out. */
export interface UserMessageQuote {
  readonly messageId: string
  readonly text: string
}

/** What stands for the earlier messages of a conversation in requests to a model. */
export interface ContextSummary {
  /** Written by a model. */
  readonly text: string
  /** Oldest first. The first user message of the conversation stays the first one, however often it is summarised again. */
  readonly quotes: readonly UserMessageQuote[]
  /**
   * The newest message that the summary stands for, together with all messages before it. Null: all messages of the
   * sessions before the one that begins with the summary.
   */
  readonly throughMessageId: string | null
}
