import type { FinishReason, StreamRecord } from '../../../model/stream.ts'
import { normalizeStoredUsage } from '../../../model/usage.ts'
import { FencingError } from '../../errors.ts'
import type { StreamFence } from '../../event-store.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

export interface StreamRow {
  id: string
  session_id: string
  status: StreamRecord['status']
  generation: number
  model: string
  effort: string | null
  user_message_id: string
  message_id: string | null
  usage: string
  step: string | null
  started_at: number
  finished_at: number | null
  finish_reason: FinishReason | null
  retry_at: number | null
  first_seq: number
  last_seq: number
  error: string | null
}

export function streamFromRow(row: StreamRow): StreamRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    status: row.status,
    generation: row.generation,
    model: row.model,
    ...(row.effort !== null && { effort: row.effort }),
    userMessageId: row.user_message_id,
    messageId: row.message_id,
    usage: normalizeStoredUsage(JSON.parse(row.usage)),
    step: row.step === null ? null : JSON.parse(row.step),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    ...(row.finish_reason !== null && { finishReason: row.finish_reason }),
    ...(row.retry_at !== null && { retryAt: row.retry_at }),
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    error: row.error === null ? null : JSON.parse(row.error),
  }
}

function streamToRow(stream: StreamRecord): StreamRow {
  return {
    id: stream.id,
    session_id: stream.sessionId,
    status: stream.status,
    generation: stream.generation,
    model: stream.model,
    effort: stream.effort ?? null,
    user_message_id: stream.userMessageId,
    message_id: stream.messageId,
    usage: JSON.stringify(stream.usage),
    step: stream.step === null ? null : JSON.stringify(stream.step),
    started_at: stream.startedAt,
    finished_at: stream.finishedAt,
    finish_reason: stream.finishReason ?? null,
    retry_at: stream.retryAt ?? null,
    first_seq: stream.firstSeq,
    last_seq: stream.lastSeq,
    error: stream.error === null ? null : JSON.stringify(stream.error),
  }
}

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
  if (changes !== 1) throw new FencingError(`The stream ${streamId} is no longer at generation ${generation}.`)
}
