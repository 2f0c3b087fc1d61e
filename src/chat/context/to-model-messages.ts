import type { AssistantModelMessage, ModelMessage, ToolModelMessage, UserModelMessage } from 'ai'
import { isJsonObject, type Json, toWellFormedJson } from '../../lib/json.ts'
import type { MessagePart, MessageRecord, ToolCall } from '../../model/message.ts'
import { decodeUtf8 } from '../attachments/data-url.ts'
import { isTextMediaType } from '../attachments/media-type.ts'
import { parseDataUrl } from '../attachments/data-url.ts'
import { parseArguments } from '../../model/tool-call.ts'

/**
 * What a model is sent: a pure function of what the log folds to, valid for every prefix of every log. Each tool call
 * is followed by exactly one result, half-made calls and reasoning are left out, no message is empty. Only the text,
 * the files and the calls of a message are looked at: what is kept for display has no way into the result. Nor has a
 * message that was taken back, or whose turn has not come.
 */
export function toModelMessages(messages: readonly MessageRecord[]): ModelMessage[] {
  const toWireId = createWireIdMapper()
  return messages.flatMap((message) => {
    if (message.withdrawn || message.position === null) return []
    switch (message.role) {
      case 'USER':
        return toUserMessages(message.parts)
      case 'ASSISTANT':
        return splitIntoSteps(message.parts).flatMap((step) => toStepMessages(step, toWireId))
      case 'SYSTEM':
        // What an agent left in its own transcript is no instruction of ours; what stands for the chat is told.
        return message.summary
          ? [{ role: 'user', content: [{ type: 'text', text: formatSummary(message.parts) }] }]
          : []
    }
  })
}

function formatSummary(parts: readonly MessagePart[]): string {
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return `This chat goes on from an earlier one. What was said there, in short:\n\n${text.toWellFormed()}`
}

function toUserMessages(parts: readonly MessagePart[]): ModelMessage[] {
  const content: Exclude<UserModelMessage['content'], string> = []
  for (const part of parts) {
    if (part.type === 'text' && !isBlank(part.text)) content.push({ type: 'text', text: part.text.toWellFormed() })
    if (part.type === 'file') content.push(toFileContent(part))
  }
  return content.length > 0 ? [{ role: 'user', content }] : []
}

/** A picture goes as it is; of a text, a model is told what is written in it. */
function toFileContent({ mediaType, name, url }: Extract<MessagePart, { type: 'file' }>) {
  if (!isTextMediaType(mediaType)) return { type: 'file', data: url, mediaType } as const
  const data = parseDataUrl(url)
  const fileText = data && decodeUtf8(data)
  const title = name ?? mediaType
  const text = fileText === null ? `[${title}] ${url}` : `[${title}]\n${fileText}`
  return { type: 'text', text: text.toWellFormed() } as const
}

interface AnswerStep {
  readonly text: string[]
  readonly calls: ToolCall[]
}

/** An answer's steps: text behind a tool call was written after its result was known. */
function splitIntoSteps(parts: readonly MessagePart[]): AnswerStep[] {
  const steps: AnswerStep[] = []
  for (const part of parts) {
    if (part.type !== 'text' && part.type !== 'tool') continue
    const last = steps.at(-1)
    const step = last && (part.type === 'tool' || last.calls.length === 0) ? last : { text: [], calls: [] }
    if (step !== last) steps.push(step)
    if (part.type === 'text') step.text.push(part.text)
    else step.calls.push(part.call)
  }
  return steps
}

function toStepMessages({ text, calls }: AnswerStep, toWireId: (call: ToolCall) => string): ModelMessage[] {
  const content: Exclude<AssistantModelMessage['content'], string> = []
  const results: ToolModelMessage['content'] = []
  for (const segment of text) if (!isBlank(segment)) content.push({ type: 'text', text: segment.toWellFormed() })
  for (const call of calls) {
    // What the model did not finish saying, it did not say.
    if (!call.argumentsWhole) continue
    const toolIdentity = { toolCallId: toWireId(call), toolName: toWireToolName(call.name) }
    content.push({ type: 'tool-call', ...toolIdentity, input: toWireInput(call) })
    results.push({ type: 'tool-result', ...toolIdentity, output: toToolOutput(call) })
  }
  if (content.length === 0) return []
  const assistant: ModelMessage = { role: 'assistant', content }
  return results.length > 0 ? [assistant, { role: 'tool', content: results }] : [assistant]
}

/** Arguments are an object for every provider. A call that came with something else is told of with none. */
function toWireInput(call: ToolCall): { [key: string]: Json } {
  const input = toWellFormedJson(parseArguments(call))
  return isJsonObject(input) ? input : {}
}

type ToolOutput = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>['output']

function toToolOutput(call: ToolCall): ToolOutput {
  switch (call.state) {
    case 'SUCCEEDED':
      return typeof call.result === 'string'
        ? { type: 'text', value: call.result.toWellFormed() }
        : { type: 'json', value: toWellFormedJson(call.result) }
    case 'FAILED':
      return { type: 'error-text', value: call.error?.toWellFormed() ?? 'The tool failed.' }
    case 'DENIED':
      return { type: 'error-text', value: call.error?.toWellFormed() ?? 'This call was not allowed. It was not run.' }
    case 'CANCELLED':
      return { type: 'error-text', value: call.error?.toWellFormed() ?? 'Cancelled by the user before it finished.' }
    case 'OUTCOME_UNKNOWN':
      return { type: 'error-text', value: 'The server stopped while it ran. It may or may not have taken effect.' }
    case 'STREAMING':
    case 'AWAITING_APPROVAL':
    case 'RUNNING':
      return { type: 'error-text', value: 'It has not finished yet.' }
  }
}

/** Providers accept no other characters in a tool's name, and a model can make up any. */
function toWireToolName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'tool'
}

/**
 * Ids as every provider accepts them, each of them once in all that is sent. Ours are; those made from a foreign row's
 * id tell themselves apart at the end, and those that no longer do are counted.
 */
function createWireIdMapper(): (call: ToolCall) => string {
  const used = new Set<string>()
  return ({ id }) => {
    const candidate = id.replace(/[^a-zA-Z0-9_-]/g, '_').slice(-56) || 'call'
    let unique = candidate
    for (let count = 2; used.has(unique); count += 1) unique = `${candidate}_${count}`
    used.add(unique)
    return unique
  }
}

/** Nothing in it but white space and control characters: some providers refuse a text without a visible character. */
function isBlank(text: string): boolean {
  return !/[^\p{White_Space}\p{Cc}\ufeff]/u.test(text)
}
