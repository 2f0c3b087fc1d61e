import { listEventBlobHashes } from '../../../model/message-content/blob-url.ts'
import type { ChatEvent } from '../../../model/chat-event.ts'
import { eventFromRow, type EventRow, eventToRow, maxEventPageUnits, maxEventsPerPage } from '../../rows/event-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresConnection,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'
import { insertBlobReferences } from './blob-reference-table.ts'

const columns: PostgresColumns<EventRow> = {
  session_id: 'text',
  seq: 'bigint',
  stream_id: 'text',
  at: 'bigint',
  type: 'text',
  version: 'bigint',
  body: 'text',
}

const insert = defineInsert('insert-events', 'events', columns)

// Ends with the event that makes the page large, so that no more is transferred than is delivered.
const selectPage = {
  name: 'select-event-page',
  text: `SELECT ${Object.keys(columns).join(', ')} FROM (
      SELECT *, sum(length(body)) OVER (ORDER BY seq) - length(body) AS units_before FROM (
        SELECT * FROM events WHERE profile = $1 AND session_id = $2 AND seq > $3 AND seq <= $4 ORDER BY seq LIMIT $5
      ) AS page
    ) AS measured WHERE units_before < ${maxEventPageUnits} ORDER BY seq`,
}

const selectOne = {
  name: 'select-event',
  text: 'SELECT * FROM events WHERE profile = $1 AND session_id = $2 AND seq = $3',
}

const replace = {
  name: 'replace-event',
  text: `UPDATE events SET at = $4, version = $5, body = $6 WHERE profile = $1 AND session_id = $2 AND seq = $3`,
}

const deleteBySeq = {
  name: 'delete-events',
  text: 'DELETE FROM events WHERE profile = $1 AND session_id = $2 AND seq = ANY($3::bigint[])',
}

/** The files of an answer are referred to before the answer has a row, so that a long one does not lose them. */
export async function insertEvents(tx: PostgresTransaction, events: readonly ChatEvent[]): Promise<void> {
  await insertRows(tx, insert, events.map(eventToRow))
  const references = events.flatMap((event) =>
    listEventBlobHashes(event).map((hash) => ({ hash, session_id: event.sessionId })),
  )
  await insertBlobReferences(tx, references)
}

/** Whether exactly this event is stored. */
export async function hasEvent(db: PostgresConnection, event: ChatEvent): Promise<boolean> {
  const row = eventToRow(event)
  const [stored] = await db.query<EventRow>(selectOne, [row.session_id, row.seq])
  const keys = ['stream_id', 'at', 'type', 'version', 'body'] as const
  return stored !== undefined && keys.every((key) => stored[key] === row[key])
}

/** Replaces the stored event with the same seq. */
export async function replaceEvent(tx: PostgresTransaction, event: ChatEvent): Promise<void> {
  const { session_id: sessionId, seq, at, version, body } = eventToRow(event)
  await tx.execute(replace, [sessionId, seq, at, version, body])
}

export async function deleteEvents(tx: PostgresTransaction, sessionId: string, seqs: readonly number[]): Promise<void> {
  await tx.execute(deleteBySeq, [sessionId, seqs])
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
export async function readEventPage(
  db: PostgresConnection,
  { sessionId, after, upTo = Number.MAX_SAFE_INTEGER, limit = maxEventsPerPage }: EventPageRequest,
): Promise<ChatEvent[]> {
  const rows = await db.query<EventRow>(selectPage, [sessionId, after, upTo, Math.min(limit, maxEventsPerPage)])
  return rows.map(eventFromRow)
}
