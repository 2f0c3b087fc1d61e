import { parseJsonWithExactNumbers, stringifyJson } from '../../../lib/text/json.ts'
import type { ChatEvent } from '../../../model/chat-event.ts'
import { normalizeStoredUsage } from '../../../model/usage.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isOfExistingSessionSql } from './deletion-queue-condition.ts'

/** Version of the format in which events are written. Earlier ones stay readable: stored events are never rewritten. */
const currentEventVersion = 3
/** UTF-16 code units of event bodies; a page ends with the event that reaches this. */
const maxPageUnits = 262_144
const maxPageEvents = 1_000

export interface EventRow {
  session_id: string
  seq: number
  stream_id: string | null
  at: number
  type: string
  version: number
  body: string
}

export function eventFromRow(row: EventRow): ChatEvent {
  if (row.version > currentEventVersion)
    throw new Error(
      `The event ${row.session_id}/${row.seq} has version ${row.version}; this Segue reads versions up to ${currentEventVersion}.`,
    )
  const base = { seq: row.seq, at: row.at, sessionId: row.session_id, streamId: row.stream_id, type: row.type }
  const event: ChatEvent = Object.assign(parseJsonWithExactNumbers(row.body), base)
  if (event.type === 'StepFinished') return { ...event, usage: normalizeStoredUsage(event.usage) }
  if (!('stream' in event)) return event
  return { ...event, stream: { ...event.stream, usage: normalizeStoredUsage(event.stream.usage) } }
}

export function eventToRow(event: ChatEvent): EventRow {
  const { seq, at, sessionId, streamId, type, ...body } = event
  return {
    session_id: sessionId,
    seq,
    stream_id: streamId,
    at,
    type,
    version: currentEventVersion,
    body: stringifyJson(body),
  }
}

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
  { sessionId, after, upTo = Number.MAX_SAFE_INTEGER, limit = maxPageEvents }: EventPageRequest,
): ChatEvent[] {
  const rows = db
    .prepare<[string, number, number, number], EventRow>(
      `SELECT * FROM events WHERE session_id = ? AND seq > ? AND seq <= ? AND ${isOfExistingSessionSql('events')}
       ORDER BY seq LIMIT ?`,
    )
    .iterate(sessionId, after, upTo, Math.min(limit, maxPageEvents))
  const events: ChatEvent[] = []
  let units = 0
  for (const row of rows) {
    events.push(eventFromRow(row))
    units += row.body.length
    if (units >= maxPageUnits) break
  }
  return events
}
