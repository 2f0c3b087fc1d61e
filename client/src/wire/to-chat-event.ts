import type { ChatEvent } from '../model/chat-event.ts'
import type { StreamFailure } from '../../../src/model/stream.ts'
import type { ChatStream } from '../model/stream.ts'
import { omitNulls } from './omit-nulls.ts'
import { toApproval, toClarification } from './to-decision.ts'
import { toChatMessage, toTime, toToolCall, toUsage } from './to-message.ts'
import type { WireEvent, WireStream } from './wire-types.ts'

export function toChatStream(stream: WireStream): ChatStream {
  const { session, effort, startedAt, finishedAt, finishReason, retryAt, usage, error, ...rest } = stream
  return {
    ...rest,
    sessionId: session.id,
    usage: toUsage(usage),
    startedAt: toTime(startedAt),
    finishedAt: toTime(finishedAt),
    error: error && toStreamFailure(error),
    ...omitNulls({ effort, finishReason, retryAt: toTime(retryAt) }),
  }
}

export function toStreamFailure({ retryAt, ...failure }: NonNullable<WireStream['error']>): StreamFailure {
  return { ...failure, ...omitNulls({ retryAt: toTime(retryAt) }) }
}

/** The event of the model for one of the wire. Null for an event of a kind that this version does not know. */
export function toChatEvent(wireEvent: WireEvent): ChatEvent | null {
  const event = toEventFields(wireEvent)
  switch (event.type) {
    case 'StreamStarted':
      return { ...event, stream: toChatStream(event.stream), userMessage: toChatMessage(event.userMessage) }
    case 'MessageSteered':
      return { ...event, userMessage: toChatMessage(event.userMessage) }
    case 'StreamChanged': {
      const { userMessage, ...stream } = event.stream
      return { ...event, stream: toChatStream(stream), userMessage: toChatMessage(userMessage) }
    }
    case 'StreamFinished':
      return { ...event, stream: toChatStream(event.stream) }
    case 'StreamReset':
      return { ...event, message: event.message && toChatMessage(event.message) }
    case 'ApprovalChanged':
      return { ...event, approval: toApproval(event.approval) }
    case 'ClarificationChanged':
      return { ...event, clarification: toClarification(event.clarification) }
    case 'ToolCallChanged':
      return { ...event, toolCall: toToolCall(event.toolCall) }
    case 'TextDelta':
    case 'ReasoningDelta':
    case 'ToolCallDelta': {
      const { startedAt, ...fields } = event
      return { ...fields, ...omitNulls({ startedAt: toTime(startedAt) }) }
    }
    case 'StepFinished':
      return { ...event, finishReason: event.finishReason ?? 'OTHER', usage: toUsage(event.usage) }
    case 'FilePartAdded':
    case 'PartFinished':
    case 'QueueChanged':
    case 'SessionChanged':
    case 'SessionContinued':
      return event
    default:
      return null
  }
}

/** An event with its kind and its time as the model has them. */
type WithEventFields<Event> = Event extends { readonly __typename: infer Type }
  ? Omit<Event, '__typename' | 'at'> & { readonly type: Type; readonly at: number }
  : never

function toEventFields(event: WireEvent): WithEventFields<WireEvent>
// For the compiler, the kind of an event does not depend on its other fields.
function toEventFields({ __typename: type, at, ...fields }: WireEvent) {
  return { ...fields, type, at: toTime(at) }
}
