import type { ModelMessage, ToolModelMessage } from 'ai'
import { estimateJsonTokens } from '../../agent/estimate-tokens.ts'

/** How much of a model's window the messages may take: the rest is for tools, the answer, and our way of counting. */
const usableFraction = 0.9
/** Results are left out in steps of this share of the window: providers cache what begins in the same way. */
const trimStepFraction = 0.25
/** A shorter result, in tokens, is no relief. */
const minTrimTokens = 100

type ToolResult = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>

/**
 * The messages with the oldest tool results replaced by a note of their size, where all of it is too long for the
 * model's window (in tokens). A pure function of the messages; what is left out changes seldom while they grow. It may
 * not be enough: then the provider says that the context is too long.
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
  return { type: 'text', value: `[This result was left out to save room: about ${tokens} tokens.]` }
}
