import type { AssistantModelMessage, ModelMessage, ToolModelMessage, UserModelMessage } from 'ai'
import type { Json, MessagePart, MessageRecord, ToolCall } from '../storage/records.ts'
import { parsedArguments } from './tool-call.ts'

/**
 * What a model is sent: a pure function of what the log folds to, valid for every prefix of every log. Each tool call
 * is followed by exactly one result, half-made calls and reasoning are left out, no message is empty. Only the text,
 * the files and the calls of a message are looked at: what is kept for display has no way into the result.
 */
export function modelContext(messages: readonly MessageRecord[]): ModelMessage[] {
  return messages.flatMap((message) => {
    switch (message.role) {
      case 'USER':
        return userTurn(message.parts)
      case 'ASSISTANT':
        return steps(message.parts).flatMap(stepMessages)
      case 'SYSTEM':
        // A summary or a note that an agent left in its own transcript: not an instruction of ours.
        return []
    }
  })
}

function userTurn(parts: readonly MessagePart[]): ModelMessage[] {
  const content: Exclude<UserModelMessage['content'], string> = []
  for (const part of parts) {
    if (part.type === 'text' && !isBlank(part.text)) content.push({ type: 'text', text: part.text })
    if (part.type === 'file') content.push({ type: 'file', data: part.url, mediaType: part.mediaType })
  }
  return content.length > 0 ? [{ role: 'user', content }] : []
}

interface Step {
  readonly text: string[]
  readonly calls: ToolCall[]
}

/** An answer's steps: text behind a tool call was written after its result was known. */
function steps(parts: readonly MessagePart[]): Step[] {
  const all: Step[] = []
  for (const part of parts) {
    if (part.type !== 'text' && part.type !== 'tool') continue
    const last = all.at(-1)
    const step = last && (part.type === 'tool' || last.calls.length === 0) ? last : { text: [], calls: [] }
    if (step !== last) all.push(step)
    if (part.type === 'text') step.text.push(part.text)
    else step.calls.push(part.call)
  }
  return all
}

function stepMessages({ text, calls }: Step): ModelMessage[] {
  const replayed = calls.flatMap((call) => {
    const input = parsedArguments(call)
    // Arguments are an object for every provider; a call without them is half-made, or was never a call.
    return isObject(input) ? [{ call, input }] : []
  })
  const content: Exclude<AssistantModelMessage['content'], string> = []
  for (const piece of text) if (!isBlank(piece)) content.push({ type: 'text', text: piece })
  for (const { call, input } of replayed) {
    content.push({ type: 'tool-call', toolCallId: wireId(call.id), toolName: wireName(call.name), input })
  }
  if (content.length === 0) return []
  const results = replayed.map(({ call }) => ({
    type: 'tool-result' as const,
    toolCallId: wireId(call.id),
    toolName: wireName(call.name),
    output: toolOutput(call),
  }))
  const assistant: ModelMessage = { role: 'assistant', content }
  return results.length > 0 ? [assistant, { role: 'tool', content: results }] : [assistant]
}

type ToolOutput = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>['output']

function toolOutput(call: ToolCall): ToolOutput {
  switch (call.state) {
    case 'SUCCEEDED':
      return typeof call.result === 'string'
        ? { type: 'text', value: call.result }
        : { type: 'json', value: call.result }
    case 'FAILED':
      return { type: 'error-text', value: call.error ?? 'The tool failed.' }
    case 'DENIED':
      return { type: 'error-text', value: 'The user did not allow this call. It was not run.' }
    case 'CANCELLED':
      return { type: 'error-text', value: 'Cancelled by the user before it finished.' }
    case 'OUTCOME_UNKNOWN':
      return { type: 'error-text', value: 'The server stopped while it ran. It may or may not have taken effect.' }
    case 'STREAMING':
    case 'AWAITING_APPROVAL':
    case 'RUNNING':
      return { type: 'error-text', value: 'It has not finished yet.' }
  }
}

/** Providers accept no other characters in a tool's name, and a model can make up any. */
function wireName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'tool'
}

/** Ids as every provider accepts them. Ours are; those made from a foreign row's id tell themselves apart at the end. */
function wireId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_').slice(-64)
}

function isObject(value: Json): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}
