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

/** The folded message after each event. See `SegueClient.message`. It is left when `return` is called, also while it waits. */
export function foldChatEvents(events: AsyncIterable<ChatEvent>): AsyncIterableIterator<ChatMessage | null> {
  const source = events[Symbol.asyncIterator]()
  let message: ChatMessage | null = null
  const iterator: AsyncIterableIterator<ChatMessage | null> = {
    next: async () => {
      const { done, value } = await source.next()
      if (done) return { done, value: undefined }
      message = foldChatEvent(message, value)
      return { done: false, value: message }
    },
    return: async () => {
      await source.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
