import { type Json, parseJson } from '../lib/text/json.ts'
import type { ToolCall, ToolCallState } from './message.ts'

/** A call of which nothing is known yet but its name. */
export function createToolCall(id: string, name: string): ToolCall {
  return {
    id,
    providerId: null,
    name,
    argumentsText: '',
    argumentsWhole: false,
    state: 'STREAMING',
    result: null,
    error: null,
    startedAt: null,
    finishedAt: null,
  }
}

/** The call's arguments as a value. Null until they are complete, and if they are not valid JSON. */
export function parseToolCallArguments(call: ToolCall): Json {
  return call.argumentsWhole ? (parseToolArguments(call.argumentsText) ?? null) : null
}

/** The value of complete arguments. Blank ones mean `{}`; undefined for text that is not JSON, or is nested too deeply. */
export function parseToolArguments(argumentsText: string): Json | undefined {
  // Many models send nothing when they call a tool without parameters.
  return argumentsText.trim() === '' ? {} : parseJson(argumentsText)
}

const finalStates: ReadonlySet<ToolCallState> = new Set([
  'SUCCEEDED',
  'FAILED',
  'DENIED',
  'CANCELLED',
  'OUTCOME_UNKNOWN',
])

/** Whether the call has ended: its state does not change any more. */
export function hasToolCallEnded(call: ToolCall): boolean {
  return finalStates.has(call.state)
}

/** Whether more text can be added to the call's arguments: they are not complete, and the call has not ended. */
export function acceptsToolArgumentsDelta(call: ToolCall): boolean {
  return !call.argumentsWhole && !hasToolCallEnded(call)
}
