import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import { normalizeStoredUsage } from '../../model/usage.ts'

export interface ContextCheckpointRow {
  session_id: string
  text: string
  quotes: string
  through_message_id: string | null
  model: string
  usage: string
  created_at: number
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

export function contextCheckpointToRow(checkpoint: ContextCheckpoint): ContextCheckpointRow {
  const { sessionId, summary, model, usage, createdAt } = checkpoint
  return {
    session_id: sessionId,
    text: summary.text,
    quotes: JSON.stringify(summary.quotes),
    through_message_id: summary.throughMessageId,
    model,
    usage: JSON.stringify(usage),
    created_at: createdAt,
  }
}
