import type { FinishReason, StreamRecord } from '../../model/stream.ts'
import { normalizeStoredUsage, type Usage } from '../../model/usage.ts'

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
    usage: streamUsageFromRow(row),
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

export function streamUsageFromRow({ usage }: Pick<StreamRow, 'usage'>): Usage {
  return normalizeStoredUsage(JSON.parse(usage))
}

export function streamToRow(stream: StreamRecord): StreamRow {
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

/** How the answer of a stream has ended; null if it has not, or if it never began. */
export function findAnswerEnd({
  messageId,
  status,
  finishedAt,
}: StreamRecord): { readonly answeredAt: number; readonly hasFailed: boolean } | null {
  // A queued stream that is cancelled ends without an answer.
  if (finishedAt === null || (messageId === null && status === 'CANCELLED')) return null
  return { answeredAt: finishedAt, hasFailed: status === 'FAILED' }
}
