import type { ChatEvent } from '../../../model/chat-event.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isOfExistingSessionSql } from './deletion-queue-condition.ts'
import { type EventRow, eventFromRow, eventToRow, maxEventPageUnits, maxEventsPerPage } from '../../rows/event-row.ts'

/** Call it inside a transaction. */
export function insertEvent(db: SqlConnection, event: ChatEvent): void {
  db.prepare<[EventRow]>(
    `INSERT INTO events (session_id, seq, stream_id, at, type, version, body)
     VALUES (:session_id, :seq, :stream_id, :at, :type, :version, :body)`,
  ).run(eventToRow(event))
}

export interface EventPageRequest {
  readonly sessionId: string
  /** Exclusive. */
  readonly after: number
  /** Inclusive. Left out: up to the end. */
  readonly upTo?: number
  readonly limit?: number
}

/** A page of a session's events in order of seq: at most 1,000, and fewer when they are large. Empty at the end. */
export function readEventPage(
  db: SqlConnection,
  { sessionId, after, upTo = Number.MAX_SAFE_INTEGER, limit = maxEventsPerPage }: EventPageRequest,
): ChatEvent[] {
  const rows = db
    .prepare<[string, number, number, number], EventRow>(
      `SELECT * FROM events WHERE session_id = ? AND seq > ? AND seq <= ? AND ${isOfExistingSessionSql('events')}
       ORDER BY seq LIMIT ?`,
    )
    .iterate(sessionId, after, upTo, Math.min(limit, maxEventsPerPage))
  const events: ChatEvent[] = []
  let units = 0
  for (const row of rows) {
    events.push(eventFromRow(row))
    units += row.body.length
    if (units >= maxEventPageUnits) break
  }
  return events
}
