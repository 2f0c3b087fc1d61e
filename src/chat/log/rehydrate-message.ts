import type { ChatStore } from '../../storage/event-store.ts'
import type { MessageRecord } from '../../model/records.ts'
import { fold } from '../../model/fold-message.ts'
import { logPages } from './read-pages.ts'

/** A message with its parts: those of a very long answer are in the log alone, and are folded from there. */
export async function whole(stored: MessageRecord, store: ChatStore): Promise<MessageRecord> {
  const { inLog, ...message } = stored
  const stream = inLog && message.streamId !== null ? await store.stream(message.streamId) : null
  if (!stream) return message
  const frame = { position: message.position ?? 0, model: stream.model }
  let answer: MessageRecord | null = null
  const range = { sessionId: stream.sessionId, after: stream.firstSeq - 1, upTo: stream.lastSeq }
  for await (const events of logPages(store, range)) {
    for (const event of events) if (event.streamId === stream.id) answer = fold(frame, answer, event)
  }
  return { ...message, parts: answer?.parts ?? [] }
}
