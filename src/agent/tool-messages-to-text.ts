import type { AssistantModelMessage, ModelMessage, ToolModelMessage } from 'ai'
import { toolOutputToText } from './tool-output-to-text.ts'

type AssistantPart = Exclude<AssistantModelMessage['content'], string>[number]
type ToolPart = ToolModelMessage['content'][number]

/**
 * Writes tool calls and their results as text of the assistant, for models that know no tools: their servers reject them.
 * Results at the end become a user message, because the model answers what a user said.
 */
export function toolMessagesToText(messages: readonly ModelMessage[]): ModelMessage[] {
  const flat: ModelMessage[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      const text = message.content.map(describeToolResult).join('\n\n')
      if (index === messages.length - 1) flat.push({ role: 'user', content: text })
      else appendToAssistant(flat, [{ type: 'text', text }])
    } else if (message.role === 'assistant') appendToAssistant(flat, toTextParts(message.content))
    else flat.push(message)
  }
  return flat
}

/** Neighbouring messages of the assistant become one, because some servers want the roles to alternate. */
function appendToAssistant(messages: ModelMessage[], parts: readonly AssistantPart[]): void {
  const last = messages.at(-1)
  if (last?.role !== 'assistant') messages.push({ role: 'assistant', content: [...parts] })
  else messages[messages.length - 1] = { ...last, content: [...toTextParts(last.content), ...parts] }
}

function toTextParts(content: AssistantModelMessage['content']): AssistantPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.flatMap((part): AssistantPart[] => {
    if (part.type === 'tool-call')
      return [{ type: 'text', text: `[Called the tool ${part.toolName} with ${JSON.stringify(part.input)}.]` }]
    return part.type === 'tool-result' ? [{ type: 'text', text: describeToolResult(part) }] : [part]
  })
}

function describeToolResult(part: ToolPart | Extract<AssistantPart, { type: 'tool-result' }>): string {
  if (part.type !== 'tool-result') return ''
  return `[The tool ${part.toolName} returned: ${toolOutputToText(part.output)}]`
}
