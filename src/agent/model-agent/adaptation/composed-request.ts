import type { ModelMessage, ToolSet } from 'ai'
import type { Effort } from '../../../model/answer-settings/effort.ts'

/** What one request to a model contains. Tokens are as they are counted for the model. */
export interface ComposedRequest {
  readonly messages: readonly ModelMessage[]
  readonly tools: ToolSet
  /** The effort that the model is asked for; null for its own default. */
  readonly effort: Effort | null
  readonly messageTokens: number
  readonly toolTokens: number
  /** With which scale they were counted (`TokenCounter`). */
  readonly tokenScale: number
}

/** How many tokens a request has. */
export function countRequestTokens({ messageTokens, toolTokens }: ComposedRequest): number {
  return messageTokens + toolTokens
}

/** Whether messages have images or other files, whose tokens are hard to estimate. */
export function hasFiles(messages: readonly ModelMessage[]): boolean {
  return messages.some(
    ({ content }) =>
      typeof content !== 'string' &&
      content.some(
        (part) =>
          part.type === 'file' ||
          part.type === 'image' ||
          (part.type === 'tool-result' &&
            part.output.type === 'content' &&
            part.output.value.some(({ type }) => type !== 'text')),
      ),
  )
}
