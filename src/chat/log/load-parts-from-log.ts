import type { EventStore } from '../../storage/event-store.ts'
import type { MessageRecord } from '../../model/message.ts'
import { foldMessage } from '../../model/fold/fold-message.ts'
import { readEventPages } from './read-event-pages.ts'

/** Loads the parts of a message that are only in the log, by folding its stream. Other messages are not changed. */
export async function loadPartsFromLog(stored: MessageRecord, store: EventStore): Promise<MessageRecord> {
  const { inLog, ...message } = stored
  const stream = inLog && message.streamId !== null ? await store.findStream(message.streamId) : null
  if (!stream) return message
  const base = { position: message.position ?? 0, model: stream.model }
  let answer: MessageRecord | null = null
  const range = { sessionId: stream.sessionId, after: stream.firstSeq - 1, upTo: stream.lastSeq }
  for await (const events of readEventPages(store, range)) {
    for (const event of events) if (event.streamId === stream.id) answer = foldMessage(base, answer, event)
  }
  return { ...message, parts: answer?.parts ?? [] }
}
