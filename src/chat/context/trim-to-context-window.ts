import type { ModelMessage, ToolModelMessage } from 'ai'
import { tokensOf } from '../../agent/estimate-tokens.ts'

/** How much of a model's window the messages may take: the rest is for tools, the answer, and our way of counting. */
const share = 0.9
/** Results are left out in steps of this share of the window: providers cache what begins in the same way. */
const step = 0.25
/** A shorter result, in tokens, is no relief. */
const worthLeavingOut = 100

type ToolResult = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>

/**
 * The messages with the oldest tool results replaced by a note of their size, where all of it is too long for the
 * model's window (in tokens). A pure function of the messages; what is left out changes seldom while they grow. It may
 * not be enough: then the provider says that the context is too long.
 */
export function fitted(messages: readonly ModelMessage[], window: number): ModelMessage[] {
  const excess = tokensOf(messages) - window * share
  if (excess <= 0) return [...messages]
  const wanted = Math.ceil(excess / (window * step)) * window * step
  let saved = 0
  return messages.map((message) => {
    if (message.role !== 'tool') return message
    const content = message.content.map((part) => {
      if (saved >= wanted || part.type !== 'tool-result') return part
      const tokens = tokensOf(part.output)
      if (tokens < worthLeavingOut) return part
      saved += tokens
      return { ...part, output: noteOf(tokens) }
    })
    return { ...message, content }
  })
}

function noteOf(tokens: number): ToolResult['output'] {
  return { type: 'text', value: `[This result was left out to save room: about ${tokens} tokens.]` }
}
