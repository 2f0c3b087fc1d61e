import type { ContextCheckpoint } from '../../../model/context/context-checkpoint.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isOfExistingSessionSql } from './deletion-queue-condition.ts'
import {
  contextCheckpointFromRow,
  contextCheckpointToRow,
  type ContextCheckpointRow,
} from '../../rows/context-checkpoint-row.ts'

/** Replaces the session's checkpoint. Call it inside a transaction. */
export function upsertContextCheckpoint(db: SqlConnection, checkpoint: ContextCheckpoint): void {
  db.prepare<[ContextCheckpointRow]>(
    `INSERT INTO context_checkpoints (session_id, text, quotes, through_message_id, model, usage, created_at)
     VALUES (:session_id, :text, :quotes, :through_message_id, :model, :usage, :created_at)
     ON CONFLICT (session_id) DO UPDATE SET text = :text, quotes = :quotes, through_message_id = :through_message_id,
       model = :model, usage = :usage, created_at = :created_at`,
  ).run(contextCheckpointToRow(checkpoint))
}

/** The checkpoint of a session; null if it has none. */
export function findContextCheckpoint(db: SqlConnection, sessionId: string): ContextCheckpoint | null {
  const row = db
    .prepare<[string], ContextCheckpointRow>(
      `SELECT * FROM context_checkpoints WHERE session_id = ? AND ${isOfExistingSessionSql('context_checkpoints')}`,
    )
    .get(sessionId)
  return row ? contextCheckpointFromRow(row) : null
}
