import type { AssistantModelMessage, ModelMessage, ToolModelMessage, UserModelMessage } from 'ai'
import { isJsonObject, toRawJson, toWellFormedJson } from '../../lib/text/json.ts'
import type { MessagePart, MessageRecord, ToolCall } from '../../model/message.ts'
import { decodeUtf8 } from '../attachments/data-url.ts'
import { isTextMediaType } from '../attachments/media-type.ts'
import { parseDataUrl } from '../attachments/data-url.ts'
import { parseToolCallArguments } from '../../model/tool-call.ts'
import { type ToolImagePart, type ToolImages, toToolOutput } from './to-tool-output.ts'

/** Introduces images whose request has no place for them in the results of tools. */
const imagesNote = { type: 'text', text: '[Images from the results of the tools, in order.]' } as const

/**
 * Converts messages to what a model is sent. It is a pure function of the fold, valid for every prefix of every log: each
 * tool call is followed by exactly one result, and no message is empty. Reasoning and calls with incomplete arguments
 * are left out, as are messages that were withdrawn or are still queued. Only text, files and tool calls are read, so
 * nothing else can reach a provider.
 */
export function toModelMessages(
  messages: readonly MessageRecord[],
  toolImages: ToolImages = { placement: 'none', bytesByHash: new Map() },
): ModelMessage[] {
  const toWireId = createWireIdMapper()
  return messages.flatMap((message) => {
    if (message.withdrawn || message.position === null) return []
    switch (message.role) {
      case 'USER':
        return toUserMessages(message.parts)
      case 'ASSISTANT':
        return splitIntoSteps(message.parts).flatMap((step) => toStepMessages(step, toWireId, toolImages))
      case 'SYSTEM':
        // A system message in a Hermes transcript is no instruction for Segue's model. A summary stands for the chat so far.
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

/** An image is sent as a file, a text file as its content. */
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

/** Splits an answer into steps. Text after a tool call was written when the call's result was known, so it starts one. */
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

function toStepMessages(
  { text, calls }: AnswerStep,
  toWireId: (call: ToolCall) => string,
  toolImages: ToolImages,
): ModelMessage[] {
  const content: Exclude<AssistantModelMessage['content'], string> = []
  const results: ToolModelMessage['content'] = []
  const images: ToolImagePart[] = []
  for (const block of text) if (!isBlank(block)) content.push({ type: 'text', text: block.toWellFormed() })
  for (const call of calls) {
    // The model did not finish this call.
    if (!call.argumentsWhole) continue
    const toolIdentity = { toolCallId: toWireId(call), toolName: toWireToolName(call.name) }
    content.push({ type: 'tool-call', ...toolIdentity, input: toWireInput(call) })
    const result = toToolOutput(call, toolImages)
    results.push({ type: 'tool-result', ...toolIdentity, output: result.output })
    images.push(...result.images)
  }
  if (content.length === 0) return []
  const assistant: ModelMessage = { role: 'assistant', content }
  if (results.length === 0) return [assistant]
  const followUp: ModelMessage[] = images.length > 0 ? [{ role: 'user', content: [imagesNote, ...images] }] : []
  return [assistant, { role: 'tool', content: results }, ...followUp]
}

/** Every provider requires an object. Other arguments are replaced with an empty one. The SDK writes it as JSON. */
function toWireInput(call: ToolCall): unknown {
  const input = toWellFormedJson(parseToolCallArguments(call))
  return isJsonObject(input) ? toRawJson(input) : {}
}

/** Replaces the characters that providers reject in the names of tools. A model can make up any name. */
function toWireToolName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'tool'
}

/**
 * Maps ids of calls to ids that every provider accepts, unique in the request. Segue's own ids do not change. Ids from
 * Hermes differ at their end, so that part is kept; a number is appended to those that are still equal.
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

/** Whether a text has only white space and control characters. Some providers reject such texts. */
function isBlank(text: string): boolean {
  return !/[^\p{White_Space}\p{Cc}\ufeff]/u.test(text)
}
