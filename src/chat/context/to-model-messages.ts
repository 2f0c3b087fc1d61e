import type { ModelMessage, ToolModelMessage, UserModelMessage } from 'ai'
import { type ContentOmissions, noOmissions } from '../../agent/content-omissions.ts'
import { toolMessagesToText } from '../../agent/tool-messages-to-text.ts'
import { arrangeModelMessages } from '../../agent/providers/requests/arrange-model-messages.ts'
import { isJsonObject, toRawJson, toWellFormedJson } from '../../lib/text/json.ts'
import { parseBlobUrl } from '../../model/message-content/blob-url.ts'
import { isSteeringMessage, type MessagePart, type MessageRecord, type ToolCall } from '../../model/message.ts'
import { imageMediaTypes } from '../attachments/media-type.ts'
import { isSegueSummary } from '../../model/conversation/message-kind.ts'
import { toMessageText } from '../../model/message-content/message-text.ts'
import { parseToolCallArguments } from '../../model/tool-call.ts'
import { noImages, type ToolImagePart, type ToolImages, toModelToolOutput } from './to-model-tool-output.ts'
import { sha256Hex } from '../../lib/text/sha256.ts'
import { splitAnswerIntoSteps } from './answer-steps.ts'
import { formatContextSummary } from './format-context-summary.ts'
import { isBlank } from './is-blank.ts'
import { toFileContent } from './to-file-content.ts'
import { type ModelRequestTarget, OpaqueStateSelector } from './opaque-state-selector.ts'
import { toAssistantMessage } from './to-assistant-message.ts'

/** Introduces images whose request has no place for them in the results of tools. */
const imagesNote = { type: 'text', text: '[Images from the results of the tools, in order.]' } as const
const answerImagesNote = { type: 'text', text: '[The images of the answer above, in order.]' } as const
/**
 * Stands where a turn produced nothing. It keeps the user's messages apart: a message whose answer failed or was stopped is
 * not part of the next one.
 */
const missingAnswer: ModelMessage = {
  role: 'assistant',
  content: [{ type: 'text', text: '[No answer.]' }],
}
/** A transcript is read by no chat API. */
const transcriptRoles = { startsWithUser: false, alternates: false, system: 'anywhere' } as const

export interface ModelMessagesOptions {
  /** The model that is sent the messages. Null, the default: no provider in particular, as for a transcript. */
  readonly target?: ModelRequestTarget | null
  /** The images of tools that the model is sent. Default: none. */
  readonly toolImages?: ToolImages
  /** A text that comes before the messages, from the user. Default: none. */
  readonly introduction?: string | null
  /** What is left out beside files, which `omitMessageFiles` leaves out. Default: nothing. */
  readonly omissions?: Pick<ContentOmissions, 'providerState' | 'toolCalls'>
}

interface ToolIdentity {
  readonly toolCallId: string
  readonly toolName: string
}

/**
 * Converts messages to what a model is sent. It is a pure function of the fold, valid for every prefix of every log: each
 * tool call is followed by exactly one result, no message is empty, and neighbours have different roles. Calls with
 * incomplete arguments are left out, as are messages that were withdrawn or are still queued. Only text, files and tool
 * calls are read, so nothing else can reach a provider; except that the provider of `target` gets its own state back, with
 * the reasoning that it belongs to. Without a target, the result is a transcript, for no provider in particular.
 */
export function toModelMessages(
  messages: readonly MessageRecord[],
  { target = null, toolImages = noImages, omissions = noOmissions, introduction = null }: ModelMessagesOptions = {},
): ModelMessage[] {
  const sent = messages.filter(({ withdrawn, position }) => !withdrawn && position !== null)
  const dialect = target?.dialect ?? null
  const returnedState =
    target &&
    dialect &&
    !omissions.providerState &&
    new OpaqueStateSelector(sent, { id: target.id, reasoning: dialect.reasoning })
  const identify = createToolIdentifier(dialect?.roles.toolCallId ?? null)
  const toToolCallPart = (call: ToolCall) =>
    ({ type: 'tool-call', ...identify(call), input: toWireInput(call) }) as const
  const toAnswerMessages = (message: MessageRecord, steered: readonly MessageRecord[]): ModelMessage[] => {
    const answer: ModelMessage[] = []
    let joined = 0
    for (const step of splitAnswerIntoSteps(message.parts)) {
      const before = steered.slice(joined).findIndex(({ steering }) => (steering?.step ?? 0) > step.step)
      const end = before < 0 ? steered.length : joined + before
      answer.push(...steered.slice(joined, end).flatMap(toUserMessages))
      joined = end
      const includesState = returnedState ? returnedState.includes(message, step) : false
      const requiredField = returnedState ? returnedState.findRequiredField(step) : null
      const assistant = toAssistantMessage(step, { toToolCallPart, includesState, requiredField })
      if (assistant) answer.push(assistant, ...toResultMessages(step.calls, identify, toolImages))
    }
    // The others joined a step that has produced nothing yet.
    return [...answer, ...steered.slice(joined).flatMap(toUserMessages)]
  }
  const converted: ModelMessage[] = introduction === null ? [] : [toUserTextMessage(introduction)]
  let isUnanswered = false
  for (const [index, message] of sent.entries()) {
    const isSteering = isSteeringMessage(message)
    // It stands in the middle of the answer behind it.
    if (isSteering && findJoinedAnswer(sent, index)) continue
    const steered = message.role === 'ASSISTANT' ? listSteering(sent, index) : []
    const next = message.role === 'ASSISTANT' ? toAnswerMessages(message, steered) : toUserMessages(message)
    const images = message.role === 'ASSISTANT' ? toAnswerImageMessages(message, toolImages) : []
    if (next.length + images.length === 0) continue
    if (isUnanswered && message.role === 'USER' && !isSteering) converted.push(missingAnswer)
    converted.push(...next, ...images)
    // The turn of a message that started one is over. In Hermes and in copies, several rows may be one message.
    isUnanswered =
      message.role === 'USER'
        ? message.streamId !== null || (isSteering && isUnanswered)
        : steered.length > 0 && next.at(-1)?.role === 'user'
  }
  const arranged = target && !dialect ? converted : arrangeModelMessages(converted, dialect?.roles ?? transcriptRoles)
  return omissions.toolCalls ? toolMessagesToText(arranged) : arranged
}

/** The answer that a message has joined; undefined if it has produced nothing. */
function findJoinedAnswer(sent: readonly MessageRecord[], index: number): MessageRecord | undefined {
  const next = sent.slice(index).find((message) => !isSteeringMessage(message))
  return next?.role === 'ASSISTANT' ? next : undefined
}

/** The messages that have joined the answer at an index: those right before it. */
function listSteering(sent: readonly MessageRecord[], index: number): readonly MessageRecord[] {
  const before = sent.slice(0, index)
  return before.slice(before.findLastIndex((message) => !isSteeringMessage(message)) + 1)
}

function toUserTextMessage(text: string): ModelMessage {
  return { role: 'user', content: [{ type: 'text', text: text.toWellFormed() }] }
}

/** A system message in a Hermes transcript is no instruction for Segue's model. A summary stands for the chat so far. */
function toUserMessages(message: MessageRecord): ModelMessage[] {
  const { role, parts } = message
  if (isSegueSummary(message))
    return [toUserTextMessage(formatContextSummary({ text: toMessageText(parts), quotes: [] }))]
  if (role === 'SYSTEM') return []
  const content: Exclude<UserModelMessage['content'], string> = []
  for (const part of parts) {
    if (part.type === 'text' && !isBlank(part.text)) content.push({ type: 'text', text: part.text.toWellFormed() })
    if (part.type === 'file') content.push(toFileContent(part))
  }
  return content.length > 0 ? [{ role: 'user', content }] : []
}

/** The images that a model has made, for a model that accepts images: so that it can be asked to change them. */
function toAnswerImageMessages({ parts }: MessageRecord, { placement }: ToolImages): ModelMessage[] {
  if (placement === 'none') return []
  const images = parts.flatMap((part) => (part.type === 'file' && isReadableImage(part) ? [toFileContent(part)] : []))
  return images.length > 0 ? [{ role: 'user', content: [answerImagesNote, ...images] }] : []
}

/** Files of the answer in progress are not loaded. Of an image at a URL, the type may not be known. */
function isReadableImage({ mediaType, url }: Extract<MessagePart, { type: 'file' }>): boolean {
  return (imageMediaTypes.includes(mediaType) || mediaType === 'image/*') && parseBlobUrl(url) === null
}

/** The results of the calls of a step, and what follows them because it has no place in them. */
function toResultMessages(
  calls: readonly ToolCall[],
  identify: (call: ToolCall) => ToolIdentity,
  toolImages: ToolImages,
): ModelMessage[] {
  const results: ToolModelMessage['content'] = []
  const images: ToolImagePart[] = []
  for (const call of calls) {
    const result = toModelToolOutput(call, toolImages)
    results.push({ type: 'tool-result', ...identify(call), output: result.output })
    images.push(...result.images)
  }
  if (results.length === 0) return []
  const followUp: ModelMessage[] = images.length > 0 ? [{ role: 'user', content: [imagesNote, ...images] }] : []
  return [{ role: 'tool', content: results }, ...followUp]
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
 * Gives calls names and ids that the provider accepts. Ids are unique in the request, and each call keeps its own. Ids from
 * Hermes differ at their end, so that part is kept; a number is appended to those that are still equal. An id that does not
 * match `pattern` becomes a hash of it.
 */
function createToolIdentifier(pattern: RegExp | null): (call: ToolCall) => ToolIdentity {
  const used = new Set<string>()
  const idByCall = new Map<ToolCall, string>()
  const createId = ({ id }: ToolCall): string => {
    const candidate = id.replace(/[^a-zA-Z0-9_-]/g, '_').slice(-56) || 'call'
    for (let count = 1; ; count += 1) {
      const numbered = count === 1 ? candidate : `${candidate}_${count}`
      const unique = pattern === null || pattern.test(numbered) ? numbered : sha256Hex(numbered).slice(0, 9)
      if (!used.has(unique)) return unique
    }
  }
  return (call) => {
    const toolCallId = idByCall.get(call) ?? createId(call)
    used.add(toolCallId)
    idByCall.set(call, toolCallId)
    return { toolCallId, toolName: toWireToolName(call.name) }
  }
}
