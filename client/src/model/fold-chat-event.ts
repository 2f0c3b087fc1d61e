import { foldAnswer } from '../../../src/model/fold/fold-message.ts'
import type { ChatEvent } from './chat-event.ts'
import type { ChatMessage } from './message.ts'

/**
 * The answer after one more event: the rule of the server itself. Null until something is produced. An event that changes
 * nothing of the message returns the same object; parts that it does not change are the same objects as before.
 *
 * With the events of a session, it is the answer of the newest stream that has produced anything.
 */
export function foldChatEvent(message: ChatMessage | null, event: ChatEvent): ChatMessage | null {
  if (event.type === 'StreamReset') return event.message
  if ('messageId' in event && message && message.id !== event.messageId) return foldChatEvent(null, event)
  if (event.type === 'StreamFinished' && event.message?.id !== message?.id) return message
  return foldAnswer(message, event, (first) => ({
    id: first.messageId,
    sessionId: first.sessionId,
    role: 'ASSISTANT',
    kind: 'CHAT',
    status: 'STREAMING',
    parts: [],
    createdAt: first.at,
    streamId: first.streamId,
    model: null,
    usage: null,
  }))
}

/** The folded message after each event. See `SegueClient.message`. */
export async function* foldChatEvents(events: AsyncIterable<ChatEvent>): AsyncGenerator<ChatMessage | null, void> {
  let message: ChatMessage | null = null
  for await (const event of events) {
    message = foldChatEvent(message, event)
    yield message
  }
}
