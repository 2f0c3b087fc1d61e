import type { ModelMessage, ToolModelMessage } from 'ai'
import { estimateJsonTokens } from '../../agent/estimate-tokens.ts'

/** The share of the context window for messages. The rest is for tools, the answer, and errors of the estimate. */
const usableFraction = 0.9
/** Results are trimmed in steps of this share of the window, so that prefixes stay equal and providers can cache them. */
const trimStepFraction = 0.25
/** Shorter results are not worth trimming. */
const minTrimTokens = 100

type ToolResult = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>

/**
 * Replaces the oldest tool results with a note of their size if the messages do not fit the context window, in tokens.
 * It is a pure function of the messages, and its cuts change rarely while the messages grow. If trimming is not enough,
 * the provider responds with CONTEXT_LENGTH.
 */
export function trimToContextWindow(messages: readonly ModelMessage[], contextWindowTokens: number): ModelMessage[] {
  const excessTokens = estimateJsonTokens(messages) - contextWindowTokens * usableFraction
  if (excessTokens <= 0) return [...messages]
  const tokensToTrim =
    Math.ceil(excessTokens / (contextWindowTokens * trimStepFraction)) * contextWindowTokens * trimStepFraction
  let trimmedTokens = 0
  return messages.map((message) => {
    if (message.role !== 'tool') return message
    const content = message.content.map((part) => {
      if (trimmedTokens >= tokensToTrim || part.type !== 'tool-result') return part
      const tokens = estimateJsonTokens(part.output)
      if (tokens < minTrimTokens) return part
      trimmedTokens += tokens
      return { ...part, output: createOmittedResultNote(tokens) }
    })
    return { ...message, content }
  })
}

function createOmittedResultNote(tokens: number): ToolResult['output'] {
  return { type: 'text', value: `[This result was omitted to save space: about ${tokens} tokens.]` }
}
