import type { FileUIPart, TextUIPart, UIMessagePart, UITools } from 'ai'
import { isStepStart } from '../../../../src/model/fold/list-part-steps.ts'
import type { MessagePart, PartOrigin } from '../../../../src/model/message.ts'
import type { LiveChatMessage, ToolCallDecisions } from '../../live-chat/live-chat-message.ts'
import type { ChatMessage } from '../../model/message.ts'
import type { ClarificationData, SegueDataParts, SegueMessageMetadata, SegueUIMessage } from './segue-ui-message.ts'
import { toToolUIPart } from './tool-ui-part.ts'

type SegueUIPart = UIMessagePart<SegueDataParts, UITools>

/** Makes a URL that a page can load of a path of the server. */
export type ResolveUrl = (url: string) => string

/**
 * A message for the AI SDK. `steered` are the messages that joined the answer: they become parts of it, as in the SDK, each
 * before what the model said with it.
 */
export function toUIMessage(
  message: LiveChatMessage,
  resolveUrl: ResolveUrl,
  steered: readonly ChatMessage[] = [],
): SegueUIMessage {
  const { id, role, parts } = message
  const metadata = toMessageMetadata(message)
  if (role === 'ASSISTANT') {
    const uiParts = parts.flatMap((part, index): SegueUIPart[] => [
      ...toSteeringParts(steered, index, resolveUrl),
      ...(isStepStart(parts, index) ? [{ type: 'step-start' as const }] : []),
      ...toAssistantUIParts(message, part, index, resolveUrl),
    ])
    const last = message.status === 'STREAMING' ? [] : toSteeringParts(steered, parts.length, resolveUrl)
    return { id, role: 'assistant', metadata, parts: [...uiParts, ...last] }
  }
  const uiRole = role === 'USER' ? 'user' : 'system'
  return { id, role: uiRole, metadata, parts: parts.flatMap((part) => toUserUIParts(part, resolveUrl)) }
}

export function toMessageMetadata(message: LiveChatMessage): SegueMessageMetadata {
  const { sessionId, streamId, kind, status, model, usage, createdAt, stream } = message
  const finishReason = stream?.finishReason ?? null
  return { sessionId, streamId, kind, status, model, usage, finishReason, createdAt }
}

/** Whether text may still be added to a part of an answer that is being made. */
export function isOpenPart({ status, parts }: Pick<LiveChatMessage, 'status' | 'parts'>, index: number): boolean {
  return status === 'STREAMING' && index === parts.length - 1 && parts[index]?.endedAt === undefined
}

/** The id of a text or reasoning part within its message. */
export function toPartId(index: number): string {
  return String(index)
}

/** The messages that joined an answer before a part of it. */
export function toSteeringParts(
  steered: readonly ChatMessage[],
  partIndex: number,
  resolveUrl: ResolveUrl,
): Extract<SegueUIPart, { readonly type: 'steering-message' }>[] {
  return steered.flatMap(({ id, steering, parts }) =>
    steering?.state === 'APPLIED' && steering.partIndex === partIndex
      ? [{ type: 'steering-message', id, parts: parts.flatMap((part) => toUserUIParts(part, resolveUrl)) }]
      : [],
  )
}

/** When a reasoning part began and ended, in epoch milliseconds. */
export function toReasoningTimes({ startedAt, endedAt }: PartOrigin): {
  readonly providerMetadata?: { segue: Record<string, number> }
} {
  const times = { ...(startedAt !== undefined && { startedAt }), ...(endedAt !== undefined && { endedAt }) }
  return Object.keys(times).length > 0 ? { providerMetadata: { segue: times } } : {}
}

/** The question of a tool call as a data part; null if it asks nothing. */
export function toClarificationPart({ clarification }: ToolCallDecisions): {
  readonly type: 'data-clarification'
  readonly id: string
  readonly data: ClarificationData
} | null {
  if (!clarification) return null
  const { id, toolCall, question, choices, form = null, state, answer } = clarification
  return {
    type: 'data-clarification',
    id,
    data: { toolCallId: toolCall.id, question, choices, form, state, answer },
  }
}

function toAssistantUIParts(
  message: LiveChatMessage,
  part: MessagePart,
  index: number,
  resolveUrl: ResolveUrl,
): SegueUIPart[] {
  const state = isOpenPart(message, index) ? 'streaming' : 'done'
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: part.text, state }]
    case 'reasoning':
      return [{ type: 'reasoning', id: toPartId(index), text: part.text, state, ...toReasoningTimes(part) }]
    case 'file':
      return [toFileUIPart(part, resolveUrl)]
    case 'tool': {
      const decisions = message.decisions[part.call.id] ?? {}
      return [toToolUIPart(part.call, decisions), toClarificationPart(decisions) ?? []].flat()
    }
  }
}

function toUserUIParts(part: MessagePart, resolveUrl: ResolveUrl): (TextUIPart | FileUIPart)[] {
  if (part.type === 'file') return [toFileUIPart(part, resolveUrl)]
  return part.type === 'text' ? [{ type: 'text', text: part.text }] : []
}

function toFileUIPart(
  { mediaType, name, url }: Extract<MessagePart, { readonly type: 'file' }>,
  resolveUrl: ResolveUrl,
): FileUIPart {
  return { type: 'file', mediaType, url: resolveUrl(url), ...(name !== null && { filename: name }) }
}
