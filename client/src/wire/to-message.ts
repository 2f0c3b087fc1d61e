import type { MessagePart, PartOrigin, ToolCall } from '../../../src/model/message.ts'
import type { Usage } from '../../../src/model/usage.ts'
import type { ChatMessage } from '../model/message.ts'
import type { WireMessage, WirePart, WireToolCall, WireUsage } from './wire-types.ts'

/** Epoch milliseconds. */
export function toTime(text: string): number {
  return Date.parse(text)
}

/** Epoch milliseconds, or null. */
export function toOptionalTime(text: string | null): number | null {
  return text === null ? null : Date.parse(text)
}

export function toToolCall({ startedAt, finishedAt, approval, ...call }: WireToolCall): ToolCall {
  const approvalAnswer = {
    ...(approval?.reason != null && { reason: approval.reason }),
    ...(approval?.arguments != null && { arguments: approval.arguments }),
  }
  return {
    ...call,
    ...(Object.keys(approvalAnswer).length > 0 && { approvalAnswer }),
    // A call leaves this state when its arguments are complete, or nothing is added to them any more.
    argumentsWhole: call.state !== 'STREAMING',
    startedAt: toOptionalTime(startedAt),
    finishedAt: toOptionalTime(finishedAt),
  }
}

export function toUsage({ cost, ...usage }: WireUsage): Usage {
  return { ...usage, ...(cost && { cost }) }
}

/** Converts what `messageFields` selects. */
export function toChatMessage({ createdAt, session, stream, parts, usage, ...message }: WireMessage): ChatMessage {
  return {
    ...message,
    sessionId: session.id,
    streamId: stream?.id ?? null,
    createdAt: toTime(createdAt),
    usage: usage && toUsage(usage),
    parts: parts.map(toMessagePart),
  }
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
  return {
    ...(step !== undefined && { step }),
    ...(startedAt != null && { startedAt: toTime(startedAt) }),
    ...(endedAt != null && { endedAt: toTime(endedAt) }),
  }
}
