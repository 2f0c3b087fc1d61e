import type { ChatEvent } from '../model/chat-event.ts'
import type { ChatStream } from '../model/stream.ts'
import { toApproval, toClarification } from './to-decision.ts'
import { toChatMessage, toOptionalTime, toTime, toToolCall, toUsage } from './to-message.ts'
import type { WireEvent, WireStream } from './wire-types.ts'

export function toChatStream(stream: WireStream): ChatStream {
  const { session, startedAt, finishedAt, finishReason, retryAt, usage, error, ...rest } = stream
  return {
    ...rest,
    sessionId: session.id,
    usage: toUsage(usage),
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
  switch (event.__typename) {
    case 'StreamStarted': {
      const { stream, userMessage } = event
      return { ...toEventFields(event), stream: toChatStream(stream), userMessage: toChatMessage(userMessage) }
    }
    case 'StreamChanged': {
      const { userMessage, ...stream } = event.stream
      return { ...toEventFields(event), stream: toChatStream(stream), userMessage: toChatMessage(userMessage) }
    }
    case 'QueueChanged':
      return toEventFields(event)
    case 'StreamFinished':
      return { ...toEventFields(event), stream: toChatStream(event.stream) }
    case 'StreamReset':
      return { ...toEventFields(event), message: event.message && toChatMessage(event.message) }
    case 'ApprovalChanged':
      return { ...toEventFields(event), approval: toApproval(event.approval) }
    case 'ClarificationChanged':
      return { ...toEventFields(event), clarification: toClarification(event.clarification) }
    case 'ToolCallChanged':
      return { ...toEventFields(event), toolCall: toToolCall(event.toolCall) }
    case 'TextDelta':
    case 'ReasoningDelta':
      return toDelta(event)
    case 'ToolCallDelta':
      return toDelta(event)
    case 'FilePartAdded':
      return toEventFields(event)
    case 'PartFinished':
      return toEventFields(event)
    case 'StepFinished':
      return { ...toEventFields(event), finishReason: event.finishReason ?? 'OTHER', usage: toUsage(event.usage) }
    case 'SessionChanged':
      return toEventFields(event)
    case 'SessionContinued':
      return toEventFields(event)
    default:
      return null
  }
}

/** The fields that both have, as the model has them. */
function toEventFields<Type extends string, Wire>(event: Wire & { readonly __typename: Type; readonly at: string }) {
  const { __typename: type, at, ...fields } = event
  return { ...fields, type, at: toTime(at) }
}

function toDelta<Type extends string, Wire>(
  event: Wire & { readonly __typename: Type; readonly at: string; readonly startedAt: string | null },
) {
  const { startedAt, ...fields } = toEventFields(event)
  return { ...fields, ...(startedAt !== null && { startedAt: toTime(startedAt) }) }
}
