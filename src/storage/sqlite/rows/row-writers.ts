import type { StreamKey } from '../../event-store.ts'
import {
  type ChatEvent,
  keptFileOf,
  type MessageRecord,
  type SessionRecord,
  type StreamRecord,
} from '../../../model/records.ts'
import type { Prepares } from '../database/statement-cache.ts'
import {
  type EventRow,
  fromEvent,
  fromMessage,
  fromSession,
  fromStream,
  type MessageRow,
  type SessionRow,
  type StreamRow,
} from './row-mappers.ts'

/** How records are written, one function a table. Each is to be called inside of a transaction. */

export function insertSession(database: Prepares, session: SessionRecord): void {
  database
    .prepare<[SessionRow]>(
      `INSERT INTO sessions (id, title, title_source, source, model, parent_session_id, forked_from, started_at,
         ended_at, end_reason, last_activity_at, pinned, archived, head_seq, usage)
       VALUES (:id, :title, :title_source, :source, :model, :parent_session_id, :forked_from, :started_at,
         :ended_at, :end_reason, :last_activity_at, :pinned, :archived, :head_seq, :usage)`,
    )
    .run(fromSession(session))
}

export function insertEvent(database: Prepares, event: ChatEvent): void {
  database
    .prepare<[EventRow]>(
      `INSERT INTO events (session_id, seq, stream_id, at, type, version, body)
       VALUES (:session_id, :seq, :stream_id, :at, :type, :version, :body)`,
    )
    .run(fromEvent(event))
}

export function putStream(database: Prepares, stream: StreamRecord): void {
  database
    .prepare<[StreamRow]>(
      `INSERT INTO streams (id, session_id, status, generation, model, user_message_id, message_id, usage, step, started_at,
         finished_at, first_seq, last_seq, error)
       VALUES (:id, :session_id, :status, :generation, :model, :user_message_id, :message_id, :usage, :step, :started_at,
         :finished_at, :first_seq, :last_seq, :error)
       ON CONFLICT (id) DO UPDATE SET status = :status, generation = :generation, message_id = :message_id,
         usage = :usage, step = :step, finished_at = :finished_at, last_seq = :last_seq, error = :error`,
    )
    .run(fromStream(stream))
}

export function putMessage(database: Prepares, message: MessageRecord): void {
  database
    .prepare<[MessageRow]>(
      `INSERT INTO messages (id, session_id, position, withdrawn, summary, role, status, parts, created_at,
         stream_id, model, usage)
       VALUES (:id, :session_id, :position, :withdrawn, :summary, :role, :status, :parts, :created_at,
         :stream_id, :model, :usage)
       ON CONFLICT (id) DO UPDATE SET position = :position, withdrawn = :withdrawn`,
    )
    .run(fromMessage(message))
  for (const hash of message.parts.map(keptFileOf)) if (hash !== null) putFile(database, hash, message.sessionId)
}

/** Notes that a session refers to a kept file. */
export function putFile(database: Prepares, hash: string, sessionId: string): void {
  database
    .prepare<[string, string]>('INSERT OR IGNORE INTO files (hash, session_id) VALUES (?, ?)')
    .run(hash, sessionId)
}

export function nameStream(database: Prepares, { streamId, key, fingerprint }: StreamKey): void {
  database
    .prepare<[string, string, string]>('UPDATE streams SET key = ?, fingerprint = ? WHERE id = ?')
    .run(key, fingerprint, streamId)
}
