import type { StreamRecord } from '../../../model/stream.ts'
import { FencingError } from '../../errors.ts'
import type { StreamFence } from '../../event-store.ts'
import { isOfExistingSessionSql } from './deletion-queue-condition.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { streamFromRow, type StreamRow, streamToRow } from '../../rows/stream-row.ts'

const selectSql = `SELECT * FROM streams WHERE ${isOfExistingSessionSql('streams')}`

/** Inserts a stream, or replaces the one with its id. Call it inside a transaction. */
export function upsertStream(db: SqlConnection, stream: StreamRecord): void {
  db.prepare<[StreamRow]>(
    `INSERT INTO streams (id, session_id, status, generation, model, effort, user_message_id, message_id, usage, step, started_at,
       finished_at, finish_reason, retry_at, first_seq, last_seq, error)
     VALUES (:id, :session_id, :status, :generation, :model, :effort, :user_message_id, :message_id, :usage, :step, :started_at,
       :finished_at, :finish_reason, :retry_at, :first_seq, :last_seq, :error)
     ON CONFLICT (id) DO UPDATE SET status = :status, generation = :generation, model = :model, effort = :effort,
       user_message_id = :user_message_id, message_id = :message_id, usage = :usage, step = :step,
       started_at = :started_at, finished_at = :finished_at, finish_reason = :finish_reason, retry_at = :retry_at,
       first_seq = :first_seq, last_seq = :last_seq, error = :error,
       queue_position = iif(:status = 'QUEUED', queue_position, NULL)`,
  ).run(streamToRow(stream))
}

/** Stores the order of a queue: the ids of its streams. Call it inside a transaction. */
export function updateQueueOrder(db: SqlConnection, streamIds: readonly string[]): void {
  db.prepare<[string]>(
    `UPDATE streams SET queue_position = queued.key FROM json_each(?) AS queued WHERE streams.id = queued.value`,
  ).run(JSON.stringify(streamIds))
}

/** Throws FencingError unless the stream is running and at this generation. Stores its last seq. Call it inside a transaction. */
export function applyFence(db: SqlConnection, { streamId, generation, lastSeq }: StreamFence): void {
  const { changes } = db
    .prepare<[number | null, string, number]>(
      'UPDATE streams SET last_seq = ifnull(?, last_seq) WHERE id = ? AND generation = ? AND finished_at IS NULL',
    )
    .run(lastSeq ?? null, streamId, generation)
  if (changes !== 1) throw new FencingError(streamId)
}

/** At most 1,000, in no order. */
export function findStreams(db: SqlConnection, ids: readonly string[]): StreamRecord[] {
  return db
    .prepare<[string], StreamRow>(`${selectSql} AND id IN (SELECT value FROM json_each(?))`)
    .all(JSON.stringify(ids))
    .map(streamFromRow)
}

export function findStream(db: SqlConnection, id: string): StreamRecord | null {
  const row = db.prepare<[string], StreamRow>(`${selectSql} AND id = ?`).get(id)
  return row ? streamFromRow(row) : null
}

/** The stream of a session that is RUNNING or WAITING. */
export function findActiveStream(db: SqlConnection, sessionId: string): StreamRecord | null {
  const row = db
    .prepare<[string], StreamRow>(`${selectSql} AND session_id = ? AND status IN ('RUNNING', 'WAITING')`)
    .get(sessionId)
  return row ? streamFromRow(row) : null
}

/** By session; the queued ones in the order of their queue. */
export function listUnfinishedStreams(db: SqlConnection): StreamRecord[] {
  return db
    .prepare<[], StreamRow>(
      // INDEXED BY, because SQLite prefers to scan the whole table in the order of the sessions.
      `SELECT * FROM streams INDEXED BY unfinished_streams WHERE finished_at IS NULL
       ORDER BY session_id, queue_position, first_seq`,
    )
    .all()
    .map(streamFromRow)
}
