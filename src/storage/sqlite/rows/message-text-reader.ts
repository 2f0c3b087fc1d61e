import type { ChatEvent } from '../../../model/records.ts'
import { saidIn } from '../../../model/message-text.ts'
import { spliced } from '../../../model/apply-delta.ts'
import { type EventRow, type MessageRow, toEvent, toMessage } from './row-mappers.ts'
import type { Statements } from '../search/search-index.ts'

const pageEvents = 500
const pageUnits = 262_144 // UTF-16 code units of events in their stored form; a page ends with the one that goes beyond

/**
 * What is said in a stored message, however long it is: that of a very long answer is put together from the log. Yields
 * between two pages of it. Empty when there is no such message.
 */
export function* saidInMessage(db: Statements, id: string): Generator<void, string, void> {
  const row = db.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
  if (!row) return ''
  const { parts, inLog } = toMessage(row)
  return inLog ? yield* saidInLog(db, row) : saidIn(parts)
}

function* saidInLog(db: Statements, { stream_id, session_id }: MessageRow): Generator<void, string, void> {
  const stream = db
    .prepare<[string | null], { first_seq: number; last_seq: number }>(
      'SELECT first_seq, last_seq FROM streams WHERE id = ?',
    )
    .get(stream_id)
  const said: string[] = []
  let after = (stream?.first_seq ?? 1) - 1
  for (;;) {
    const events = page(db, session_id, after, stream?.last_seq ?? 0)
    for (const event of events) {
      if (event.type !== 'TextDelta' || event.streamId !== stream_id) continue
      said[event.partIndex] = spliced(said[event.partIndex] ?? '', event.offset, event.text)
    }
    const last = events.at(-1)
    if (!last) return saidIn(said.flatMap((text) => ({ type: 'text', text }) as const))
    after = last.seq
    yield
  }
}

function page(db: Statements, sessionId: string, after: number, upTo: number): ChatEvent[] {
  const rows = db
    .prepare<[string, number, number, number], EventRow>(
      'SELECT * FROM events WHERE session_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
    )
    .iterate(sessionId, after, upTo, pageEvents)
  const events: ChatEvent[] = []
  let units = 0
  for (const row of rows) {
    events.push(toEvent(row))
    units += row.body.length
    if (units >= pageUnits) break
  }
  return events
}
