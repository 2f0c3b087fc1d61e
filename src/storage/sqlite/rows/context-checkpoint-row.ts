import type { ContextCheckpoint } from '../../../model/context/context-checkpoint.ts'
import { normalizeStoredUsage } from '../../../model/usage.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isOfExistingSessionSql } from './deletion-queue-condition.ts'

export interface ContextCheckpointRow {
  session_id: string
  text: string
  quotes: string
  through_message_id: string | null
  model: string
  usage: string
  created_at: number
}

/** Replaces the session's checkpoint. Call it inside a transaction. */
export function upsertContextCheckpoint(db: SqlConnection, checkpoint: ContextCheckpoint): void {
  const { sessionId, summary, model, usage, createdAt } = checkpoint
  db.prepare<[ContextCheckpointRow]>(
    `INSERT INTO context_checkpoints (session_id, text, quotes, through_message_id, model, usage, created_at)
     VALUES (:session_id, :text, :quotes, :through_message_id, :model, :usage, :created_at)
     ON CONFLICT (session_id) DO UPDATE SET text = :text, quotes = :quotes, through_message_id = :through_message_id,
       model = :model, usage = :usage, created_at = :created_at`,
  ).run({
    session_id: sessionId,
    text: summary.text,
    quotes: JSON.stringify(summary.quotes),
    through_message_id: summary.throughMessageId,
    model,
    usage: JSON.stringify(usage),
    created_at: createdAt,
  })
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

export function contextCheckpointFromRow(row: ContextCheckpointRow): ContextCheckpoint {
  const { session_id: sessionId, text, quotes, through_message_id: throughMessageId, model, usage } = row
  return {
    sessionId,
    summary: { text, quotes: JSON.parse(quotes), throughMessageId },
    model,
    usage: normalizeStoredUsage(JSON.parse(usage)),
    createdAt: row.created_at,
  }
}
