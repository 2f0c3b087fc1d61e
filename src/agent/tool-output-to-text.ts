import type { ToolModelMessage } from 'ai'

type ToolOutput = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>['output']

/** Writes the output of a tool as text, for readers that take nothing else. Images are only mentioned. */
export function toolOutputToText(output: ToolOutput): string {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value)
    case 'content':
      return output.value.map((part) => (part.type === 'text' ? part.text : '[An image or a file.]')).join('\n')
    case 'execution-denied':
      return output.reason ?? 'The call was not allowed.'
  }
}
