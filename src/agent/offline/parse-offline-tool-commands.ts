import type { ToolCallRequest } from '../agent.ts'
import { stringifyJson } from '../../lib/text/json.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'
import { offlineFormTool, toOfflineFormSchema } from './offline-form-tool.ts'

/**
 * Parses the commands of a message, one per line: `/tool <name> <json>` calls a tool, `/ask <question> | <choice> | …`
 * asks a clarifying question, `/form <question> | <field> | …` asks for the values of a form. Returns null if the first line is not a command.
 */
export function parseOfflineToolCommands(text: string): ToolCallRequest[] | null {
  const lines = text.trim().split(/\r\n|\n|\r/)
  const calls = lines.map(parseCommandLine)
  return calls[0] ? calls.filter((call) => call !== null) : null
}

function parseCommandLine(line: string, index: number): ToolCallRequest | null {
  const groups = /^\s*\/(?<command>tool|ask|form)\s+(?<rest>\S.*)$/s.exec(line)?.groups
  if (!groups) return null
  const { command, rest = '' } = groups
  switch (command) {
    case 'ask':
      return toQuestionCall(rest, `ask ${index}`)
    case 'form':
      return toFormCall(rest, `form ${index}`)
    default:
      return toToolCall(rest, `tool ${index}`)
  }
}

function toToolCall(rest: string, callId: string): ToolCallRequest {
  const [name = '', json = ''] = rest.split(/\s+(.*)/s)
  return { callId, name, argumentsText: json.trim() || '{}' }
}

function toQuestionCall(rest: string, callId: string): ToolCallRequest {
  const { question, items } = splitQuestion(rest)
  return { callId, name: clarifyTool.name, argumentsText: JSON.stringify({ question, choices: items }) }
}

function toFormCall(rest: string, callId: string): ToolCallRequest {
  const { question, items } = splitQuestion(rest)
  return {
    callId,
    name: offlineFormTool.name,
    argumentsText: stringifyJson({ question, form: toOfflineFormSchema(items) }),
  }
}

function splitQuestion(text: string): { readonly question: string; readonly items: readonly string[] } {
  const [question = '', ...items] = text.split('|').map((part) => part.trim())
  return { question, items: items.filter((item) => item !== '') }
}
