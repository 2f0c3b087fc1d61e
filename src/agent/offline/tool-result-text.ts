import type { ModelMessage } from 'ai'
import { clarify } from '../tools/clarify-tool.ts'

const longest = 1000 // UTF-16 code units of one result

/** What came of the newest calls in a chat, as a text for the person who had ordered them. */
export function outcomes(messages: readonly ModelMessage[]): string {
  const last = messages.findLast(({ role }) => role === 'tool')
  if (last?.role !== 'tool') return 'Nothing came of it.'
  return last.content.flatMap((part) => (part.type === 'tool-result' ? outcome(part) : [])).join('\n\n')
}

type Result = Extract<Extract<ModelMessage, { role: 'tool' }>['content'][number], { type: 'tool-result' }>

function outcome({ toolName, output }: Result): string {
  const value = 'value' in output ? output.value : output.type
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const shown = text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`
  if (output.type === 'error-text') return `${toolName} did not work: ${shown}`
  return toolName === clarify.name ? `You said: ${shown}` : `${toolName} returned: ${shown}`
}
