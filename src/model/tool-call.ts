import type { Json } from '../lib/json.ts'
import type { ToolCall, ToolCallState } from './message.ts'

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

/** The call's arguments as a value; null until they are whole, and for ever when what came is no JSON. */
export function parseArguments(call: ToolCall): Json {
  if (!call.argumentsWhole) return null
  // A model that calls a tool without parameters often sends nothing at all.
  if (call.argumentsText.trim() === '') return {}
  try {
    return JSON.parse(call.argumentsText)
  } catch {
    return null
  }
}

const finalStates: ReadonlySet<ToolCallState> = new Set([
  'SUCCEEDED',
  'FAILED',
  'DENIED',
  'CANCELLED',
  'OUTCOME_UNKNOWN',
])

export function isFinal(call: ToolCall): boolean {
  return finalStates.has(call.state)
}

/** Whether more of its arguments may come: once they are whole, or the call is over, nothing adds to them. */
export function acceptsArguments(call: ToolCall): boolean {
  return !call.argumentsWhole && !isFinal(call)
}
