import type { ToolCallRequest } from '../agent.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'

/**
 * The tool calls that a message orders, a line each: `/tool <name> <json>` calls a tool, `/ask <question> | <choice> |
 * …` asks a clarifying question. Null for a message that does not begin with such a line: it is to be answered.
 */
export function parseCommands(text: string): ToolCallRequest[] | null {
  const lines = text.trim().split(/\r\n|\n|\r/)
  const calls = lines.map(parseCommandLine)
  return calls[0] ? calls.filter((call) => call !== null) : null
}

function parseCommandLine(line: string, index: number): ToolCallRequest | null {
  const groups = /^\s*\/(?<what>tool|ask)\s+(?<rest>\S.*)$/s.exec(line)?.groups
  if (!groups) return null
  const { what, rest = '' } = groups
  return what === 'ask' ? toQuestionCall(rest, `ask ${index}`) : toToolCall(rest, `tool ${index}`)
}

function toToolCall(rest: string, callId: string): ToolCallRequest {
  const [name = '', json = ''] = rest.split(/\s+(.*)/s)
  return { callId, name, argumentsText: json.trim() || '{}' }
}

function toQuestionCall(rest: string, callId: string): ToolCallRequest {
  const [questionText = '', ...choices] = rest.split('|').map((part) => part.trim())
  const nonEmptyChoices = choices.filter((choice) => choice !== '')
  return {
    callId,
    name: clarifyTool.name,
    argumentsText: JSON.stringify({ question: questionText, choices: nonEmptyChoices }),
  }
}
