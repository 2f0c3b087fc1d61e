import { toStreamFailure } from '../wire/to-chat-event.ts'
import { toApproval, toClarification } from '../wire/to-decision.ts'
import { toChatMessage, toTime } from '../wire/to-message.ts'
import type { WireAlternative, WireLiveMessage } from './live-chat-documents.ts'
import type { LiveChatMessage, MessageAlternative, MessageStream, ToolCallDecisions } from './live-chat-message.ts'

/** Converts what `liveMessageFields` selects. */
export function toLiveChatMessage(wireMessage: WireLiveMessage): LiveChatMessage {
  const { key, copyOf, alternatives, toolCalls, ...message } = wireMessage
  return {
    ...toChatMessage(message),
    key,
    originalId: copyOf?.id ?? message.id,
    stream: message.stream && toStream(message.stream),
    savedDigest: null,
    alternatives: alternatives.map(toAlternative),
    decisions: Object.fromEntries(
      toolCalls.flatMap((call) => (call.approval || call.clarification ? [[call.id, toDecisions(call)]] : [])),
    ),
  }
}

function toStream({ startedAt, finishedAt, error, ...stream }: NonNullable<WireLiveMessage['stream']>): MessageStream {
  return {
    ...stream,
    error: error && toStreamFailure(error),
    startedAt: toTime(startedAt),
    finishedAt: toTime(finishedAt),
  }
}

export function toAlternative({ id, copyOf, session, text, stream }: WireAlternative): MessageAlternative {
  return {
    originalId: copyOf?.id ?? id,
    sessionId: session.id,
    promptText: stream?.userMessage.text ?? text,
    answerId: stream?.message ? (stream.message.copyOf?.id ?? stream.message.id) : null,
  }
}

function toDecisions({ approval, clarification }: WireLiveMessage['toolCalls'][number]): ToolCallDecisions {
  return {
    ...(approval && { approval: toApproval(approval) }),
    ...(clarification && { clarification: toClarification(clarification) }),
  }
}
