import type { MessagePart, PartOrigin, ToolCall } from '../../../src/model/message.ts'
import type { Usage } from '../../../src/model/usage.ts'
import type { ChatMessage, MessageSteering } from '../model/message.ts'
import { omitNulls } from './omit-nulls.ts'
import type { WireMessage, WirePart, WireToolCall, WireUsage } from './wire-types.ts'

/** Epoch milliseconds. Null where there is no time. */
export function toTime(text: string): number
export function toTime(text: string | null | undefined): number | null
export function toTime(text: string | null | undefined): number | null {
  return text ? Date.parse(text) : null
}

export function toToolCall({ startedAt, finishedAt, approval, ...call }: WireToolCall): ToolCall {
  const approvalAnswer = omitNulls({ reason: approval?.reason, arguments: approval?.arguments })
  return {
    ...call,
    ...(Object.keys(approvalAnswer).length > 0 && { approvalAnswer }),
    // A call leaves this state when its arguments are complete, or nothing is added to them any more.
    argumentsWhole: call.state !== 'STREAMING',
    startedAt: toTime(startedAt),
    finishedAt: toTime(finishedAt),
  }
}

export function toUsage({ cost, ...usage }: WireUsage): Usage {
  return { ...usage, ...omitNulls({ cost }) }
}

/** Converts what `messageFields` selects. */
export function toChatMessage(wire: WireMessage): ChatMessage {
  const { createdAt, session, stream, steering, parts, usage, ...message } = wire
  return {
    ...message,
    ...(steering && { steering: toMessageSteering(steering) }),
    sessionId: session.id,
    streamId: stream?.id ?? null,
    createdAt: toTime(createdAt),
    usage: usage && toUsage(usage),
    parts: parts.map(toMessagePart),
  }
}

function toMessageSteering({ stream, ...steering }: NonNullable<WireMessage['steering']>): MessageSteering {
  return { ...steering, streamId: stream.id }
}

function toMessagePart(part: WirePart): MessagePart {
  const origin = toPartOrigin(part)
  switch (part.__typename) {
    case 'ReasoningPart':
      return { type: 'reasoning', text: part.text, ...origin }
    case 'ToolCallPart':
      return { type: 'tool', call: toToolCall(part.toolCall), ...origin }
    case 'FilePart': {
      const { mediaType, name, url } = part
      return { type: 'file', mediaType, name, url, ...origin }
    }
    case 'TextPart':
      return { type: 'text', text: part.text, ...origin }
    default:
      // A newer server: the part keeps its index.
      return { type: 'text', text: '', ...origin }
  }
}

/** A document that was written for an earlier version selects none of it. */
function toPartOrigin({ step, startedAt, endedAt }: Partial<WirePart>): PartOrigin {
  return omitNulls({ step, startedAt: toTime(startedAt), endedAt: toTime(endedAt) })
}
