import { clarify } from '../tools/clarify-tool.ts'
import type { WholeCall } from '../tools/execute-tool-calls.ts'

/**
 * The tool calls that a message orders, a line each: `/tool <name> <json>` calls a tool, `/ask <question> | <choice> |
 * …` asks a clarifying question. Null for a message that does not begin with such a line: it is to be answered.
 */
export function ordered(text: string): WholeCall[] | null {
  const lines = text.trim().split(/\r\n|\n|\r/)
  const calls = lines.map(callIn)
  return calls[0] ? calls.filter((call) => call !== null) : null
}

function callIn(line: string, index: number): WholeCall | null {
  const order = /^\s*\/(?<what>tool|ask)\s+(?<rest>\S.*)$/s.exec(line)?.groups
  if (!order) return null
  const { what, rest = '' } = order
  return what === 'ask' ? question(rest, `ask ${index}`) : toolCall(rest, `tool ${index}`)
}

function toolCall(rest: string, callId: string): WholeCall {
  const [name = '', json = ''] = rest.split(/\s+(.*)/s)
  return { callId, name, argumentsText: json.trim() || '{}' }
}

function question(rest: string, callId: string): WholeCall {
  const [asked = '', ...choices] = rest.split('|').map((part) => part.trim())
  const offered = choices.filter((choice) => choice !== '')
  return { callId, name: clarify.name, argumentsText: JSON.stringify({ question: asked, choices: offered }) }
}
