import type { StreamIdempotencyKey } from '../../event-store.ts'
import type { ChatEvent } from '../../../model/chat-event.ts'
import { findBlobHash } from '../../../model/blob-url.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import {
  type EventRow,
  eventToRow,
  messageToRow,
  sessionToRow,
  streamToRow,
  type MessageRow,
  type SessionRow,
  type StreamRow,
} from './row-mappers.ts'

/** How records are written, one function a table. Each is to be called inside of a transaction. */

export function insertSession(database: SqlConnection, session: SessionRecord): void {
  database
    .prepare<[SessionRow]>(
      `INSERT INTO sessions (id, title, title_source, source, model, parent_session_id, parent_origin, forked_from,
         forked_from_origin, started_at,
         ended_at, end_reason, last_activity_at, pinned, archived, head_seq, usage)
       VALUES (:id, :title, :title_source, :source, :model, :parent_session_id, :parent_origin, :forked_from,
         :forked_from_origin, :started_at,
         :ended_at, :end_reason, :last_activity_at, :pinned, :archived, :head_seq, :usage)`,
    )
    .run(sessionToRow(session))
}

export function insertEvent(database: SqlConnection, event: ChatEvent): void {
  database
    .prepare<[EventRow]>(
      `INSERT INTO events (session_id, seq, stream_id, at, type, version, body)
       VALUES (:session_id, :seq, :stream_id, :at, :type, :version, :body)`,
    )
    .run(eventToRow(event))
}

export function upsertStream(database: SqlConnection, stream: StreamRecord): void {
  database
    .prepare<[StreamRow]>(
      `INSERT INTO streams (id, session_id, status, generation, model, user_message_id, message_id, usage, step, started_at,
         finished_at, first_seq, last_seq, error)
       VALUES (:id, :session_id, :status, :generation, :model, :user_message_id, :message_id, :usage, :step, :started_at,
         :finished_at, :first_seq, :last_seq, :error)
       ON CONFLICT (id) DO UPDATE SET status = :status, generation = :generation, message_id = :message_id,
         usage = :usage, step = :step, finished_at = :finished_at, last_seq = :last_seq, error = :error`,
    )
    .run(streamToRow(stream))
}

export function upsertMessage(database: SqlConnection, message: MessageRecord): void {
  database
    .prepare<[MessageRow]>(
      `INSERT INTO messages (id, session_id, position, withdrawn, summary, role, status, parts, created_at,
         stream_id, model, usage)
       VALUES (:id, :session_id, :position, :withdrawn, :summary, :role, :status, :parts, :created_at,
         :stream_id, :model, :usage)
       ON CONFLICT (id) DO UPDATE SET position = :position, withdrawn = :withdrawn`,
    )
    .run(messageToRow(message))
  for (const hash of message.parts.map(findBlobHash))
    if (hash !== null) insertBlobReference(database, hash, message.sessionId)
}

/** Notes that a session refers to a kept file. */
export function insertBlobReference(database: SqlConnection, hash: string, sessionId: string): void {
  database
    .prepare<[string, string]>('INSERT OR IGNORE INTO blob_references (hash, session_id) VALUES (?, ?)')
    .run(hash, sessionId)
}

export function setStreamIdempotencyKey(
  database: SqlConnection,
  { streamId, key, fingerprint }: StreamIdempotencyKey,
): void {
  database
    .prepare<[string, string, string]>('UPDATE streams SET key = ?, fingerprint = ? WHERE id = ?')
    .run(key, fingerprint, streamId)
}
