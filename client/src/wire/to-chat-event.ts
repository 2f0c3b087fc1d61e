import type { ChatEvent } from '../model/chat-event.ts'
import type { ChatStream } from '../model/stream.ts'
import { toApproval, toClarification } from './to-decision.ts'
import { toChatMessage, toOptionalTime, toTime, toToolCall } from './to-message.ts'
import type { WireEvent, WireStream } from './wire-types.ts'

export function toChatStream(stream: WireStream): ChatStream {
  const { session, startedAt, finishedAt, finishReason, retryAt, error, ...rest } = stream
  return {
    ...rest,
    sessionId: session.id,
    startedAt: toTime(startedAt),
    finishedAt: toOptionalTime(finishedAt),
    error: error && {
      code: error.code,
      message: error.message,
      ...(error.retryAt !== null && { retryAt: toTime(error.retryAt) }),
    },
    ...(finishReason !== null && { finishReason }),
    ...(retryAt !== null && { retryAt: toTime(retryAt) }),
  }
}

/** The event of the model for one of the wire. Null for an event of a kind that this version does not know. */
export function toChatEvent(event: WireEvent): ChatEvent | null {
  const { seq, sessionId, streamId } = event
  const base = { seq, at: toTime(event.at), sessionId, streamId }
  switch (event.__typename) {
    case 'StreamStarted': {
      const { status, stream, userMessage } = event
      return {
        type: 'StreamStarted',
        ...base,
        status,
        stream: toChatStream(stream),
        userMessage: toChatMessage(userMessage),
      }
    }
    case 'StreamChanged':
      return { type: 'StreamChanged', ...base, status: event.status, stream: toChatStream(event.stream) }
    case 'StreamFinished': {
      const { status, finishReason, stream, message } = event
      return { type: 'StreamFinished', ...base, status, finishReason, stream: toChatStream(stream), message }
    }
    case 'StreamReset': {
      const { reason, message } = event
      return { type: 'StreamReset', ...base, reason, message: message && toChatMessage(message) }
    }
    case 'ApprovalChanged': {
      const { state, decision, approval } = event
      return { type: 'ApprovalChanged', ...base, state, decision, approval: toApproval(approval) }
    }
    case 'ClarificationChanged': {
      const { state, answer, clarification } = event
      return { type: 'ClarificationChanged', ...base, state, answer, clarification: toClarification(clarification) }
    }
    case 'SessionChanged':
      return { type: 'SessionChanged', ...base, session: event.session }
    case 'SessionContinued':
      return { type: 'SessionContinued', ...base, toId: event.toId }
    default:
      return toPartEvent(event, base)
  }
}

type EventBase = Pick<ChatEvent, 'seq' | 'at' | 'sessionId' | 'streamId'>
type WirePartEvent = Extract<WireEvent, { readonly partIndex: number }>

function toPartEvent(event: WirePartEvent, eventBase: EventBase): ChatEvent | null {
  const { messageId, partIndex } = event
  const base = { ...eventBase, messageId, partIndex }
  switch (event.__typename) {
    case 'TextDelta':
    case 'ReasoningDelta':
      return { type: event.__typename, ...base, offset: event.offset, text: event.text }
    case 'ToolCallDelta': {
      const { toolCallId, toolName, offset, argumentsText } = event
      return { type: 'ToolCallDelta', ...base, toolCallId, toolName, offset, argumentsText }
    }
    case 'ToolCallChanged':
      return { type: 'ToolCallChanged', ...base, toolCall: toToolCall(event.toolCall) }
    case 'FilePartAdded': {
      const { mediaType, name, url } = event
      return { type: 'FilePartAdded', ...base, mediaType, name, url }
    }
    default:
      return null
  }
}
