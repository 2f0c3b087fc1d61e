import type { ToolCallRequest } from '../agent.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'

/**
 * Parses the commands of a message, one per line: `/tool <name> <json>` calls a tool, `/ask <question> | <choice> | …`
 * asks a clarifying question. Returns null if the first line is not a command.
 */
export function parseOfflineToolCommands(text: string): ToolCallRequest[] | null {
  const lines = text.trim().split(/\r\n|\n|\r/)
  const calls = lines.map(parseCommandLine)
  return calls[0] ? calls.filter((call) => call !== null) : null
}

function parseCommandLine(line: string, index: number): ToolCallRequest | null {
  const groups = /^\s*\/(?<command>tool|ask)\s+(?<rest>\S.*)$/s.exec(line)?.groups
  if (!groups) return null
  const { command, rest = '' } = groups
  return command === 'ask' ? toQuestionCall(rest, `ask ${index}`) : toToolCall(rest, `tool ${index}`)
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
