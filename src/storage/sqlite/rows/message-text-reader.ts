import type { ChatEvent } from '../../../model/chat-event.ts'
import { toMessageText } from '../../../model/message-text.ts'
import { applyDelta } from '../../../model/apply-delta.ts'
import { type EventRow, type MessageRow, eventFromRow, messageFromRow } from './row-mappers.ts'
import type { StatementSource } from '../search/search-index.ts'

const maxPageEvents = 500
const maxPageUnits = 262_144 // UTF-16 code units of events in their stored form; a page ends with the one that goes beyond

/**
 * What is said in a stored message, however long it is: that of a very long answer is put together from the log. Yields
 * between two pages of it. Empty when there is no such message.
 */
export function* readStoredMessageText(db: StatementSource, id: string): Generator<void, string, void> {
  const row = db.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
  if (!row) return ''
  const { parts, inLog } = messageFromRow(row)
  return inLog ? yield* readTextFromLog(db, row) : toMessageText(parts)
}

function* readTextFromLog(db: StatementSource, { stream_id, session_id }: MessageRow): Generator<void, string, void> {
  const stream = db
    .prepare<[string | null], { first_seq: number; last_seq: number }>(
      'SELECT first_seq, last_seq FROM streams WHERE id = ?',
    )
    .get(stream_id)
  const textParts: string[] = []
  let after = (stream?.first_seq ?? 1) - 1
  for (;;) {
    const events = readEventPage(db, session_id, after, stream?.last_seq ?? 0)
    for (const event of events) {
      if (event.type !== 'TextDelta' || event.streamId !== stream_id) continue
      textParts[event.partIndex] = applyDelta(textParts[event.partIndex] ?? '', event.offset, event.text)
    }
    const last = events.at(-1)
    if (!last) return toMessageText(textParts.flatMap((text) => ({ type: 'text', text }) as const))
    after = last.seq
    yield
  }
}

function readEventPage(db: StatementSource, sessionId: string, after: number, upTo: number): ChatEvent[] {
  const rows = db
    .prepare<[string, number, number, number], EventRow>(
      'SELECT * FROM events WHERE session_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
    )
    .iterate(sessionId, after, upTo, maxPageEvents)
  const events: ChatEvent[] = []
  let units = 0
  for (const row of rows) {
    events.push(eventFromRow(row))
    units += row.body.length
    if (units >= maxPageUnits) break
  }
  return events
}
