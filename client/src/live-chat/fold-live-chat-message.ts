import type { ChatEvent, StreamFinished, StreamStarted } from '../model/chat-event.ts'
import { foldChatEvent } from '../model/fold-chat-event.ts'
import type { ChatMessage } from '../model/message.ts'
import type { LiveChatMessage, MessageStream, ToolCallDecisions } from './live-chat-message.ts'

/**
 * The answer after one more event of its stream, with what its tool calls ask of a person, and with the stream once that
 * has ended. An event that changes nothing returns the same object.
 */
export function foldLiveChatMessage(message: LiveChatMessage | null, event: ChatEvent): LiveChatMessage | null {
  switch (event.type) {
    case 'ApprovalChanged':
      return message && addDecision(message, event.approval.toolCall.id, { approval: event.approval })
    case 'ClarificationChanged':
      return message && addDecision(message, event.clarification.toolCall.id, { clarification: event.clarification })
    default: {
      const folded = foldChatEvent(message, event)
      if (folded === null || folded === message) return message
      const known = message?.id === folded.id ? message : createLiveChatMessage(folded)
      return {
        ...known,
        ...folded,
        ...(event.type === 'StreamFinished' && {
          stream: toMessageStream(event),
          model: event.stream.model,
          savedDigest: event.message?.digest ?? null,
        }),
      }
    }
  }
}

/** A message of which nothing is known but what events say. */
export function createLiveChatMessage(message: ChatMessage): LiveChatMessage {
  return {
    ...message,
    originalId: message.id,
    key: null,
    stream: null,
    savedDigest: null,
    decisions: {},
    alternatives: [],
  }
}

export function toMessageStream({ stream, status }: StreamStarted | StreamFinished): MessageStream {
  const { id, finishReason = null, error, startedAt, finishedAt } = stream
  return { id, status, finishReason, error, startedAt, finishedAt }
}

/** Whether a message has the part with this tool call. */
export function hasToolCall({ parts }: ChatMessage, toolCallId: string): boolean {
  return parts.some((part) => part.type === 'tool' && part.call.id === toolCallId)
}

function addDecision(message: LiveChatMessage, toolCallId: string, decision: ToolCallDecisions): LiveChatMessage {
  const decisions = { ...message.decisions, [toolCallId]: { ...message.decisions[toolCallId], ...decision } }
  return { ...message, decisions }
}
