import type { ModelMessage } from 'ai'
import { toolOutputToText } from '../tool-output-to-text.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'
import { truncate } from '../../lib/text/truncate.ts'

const maxResultTextLength = 1000 // UTF-16 code units

/** Describes the latest tool results of a chat to the user. */
export function describeToolResults(messages: readonly ModelMessage[]): string {
  const lastToolMessage = messages.findLast(({ role }) => role === 'tool')
  if (lastToolMessage?.role !== 'tool') return 'There are no results.'
  return lastToolMessage.content
    .flatMap((part) => (part.type === 'tool-result' ? describeToolResult(part) : []))
    .join('\n\n')
}

type ToolResultPart = Extract<Extract<ModelMessage, { role: 'tool' }>['content'][number], { type: 'tool-result' }>

function describeToolResult({ toolName, output }: ToolResultPart): string {
  const preview = truncate(toolOutputToText(output), maxResultTextLength)
  if (output.type === 'error-text') return `${toolName} failed: ${preview}`
  return toolName === clarifyTool.name ? `You said: ${preview}` : `${toolName} returned: ${preview}`
}
