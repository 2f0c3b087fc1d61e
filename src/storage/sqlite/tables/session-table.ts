import type { ContextSize } from '../../../model/context/context-size.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import { ConversationSettingsTable } from '../conversation-settings/conversation-settings-table.ts'
import { findAnswerEnd } from '../../rows/stream-row.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { type HeadSeqAdvance, type SessionRow, sessionToRow } from '../../rows/session-row.ts'

/** Selects rows of `SessionRowWithSettings`. */
export const selectSessionsSql = `SELECT sessions.*, settings.pinned, settings.archived FROM sessions
  LEFT JOIN conversation_settings AS settings ON settings.session_id = sessions.id`

/** Inserts a session. If it is pinned or archived, so is its conversation then. Call it inside a transaction. */
export function insertSession(db: SqlConnection, session: SessionRecord): void {
  db.prepare<[SessionRow]>(
    `INSERT INTO sessions (id, title, title_source, source, model, instructions, effort, parent_session_id, parent_origin, forked_from,
       forked_from_origin, retry_of, retry_of_origin, takes_place_of, takes_place_of_origin, started_at, ended_at, end_reason, last_activity_at, head_seq, usage, context_size)
     VALUES (:id, :title, :title_source, :source, :model, :instructions, :effort, :parent_session_id, :parent_origin, :forked_from,
       :forked_from_origin, :retry_of, :retry_of_origin, :takes_place_of, :takes_place_of_origin, :started_at, :ended_at, :end_reason, :last_activity_at, :head_seq, :usage, :context_size)`,
  ).run(sessionToRow(session))
  const { id, pinned, archived } = session
  if (pinned || archived) new ConversationSettingsTable(db).update({ sessionIds: [id], patch: { pinned, archived } })
}

/** Counts the messages of sessions whose messages were inserted together with them. Call it inside a transaction. */
export function updateMessageCounts(db: SqlConnection, sessionIds: readonly string[]): void {
  db.prepare<[string]>(
    `UPDATE sessions SET message_count =
       (SELECT count(*) FROM messages WHERE session_id = sessions.id AND position IS NOT NULL)
     WHERE id IN (SELECT value FROM json_each(?))`,
  ).run(JSON.stringify(sessionIds))
}

/** Notes that an answer has ended, if this stream has: lists tell of it until a person has read it. Call it inside a transaction. */
export function recordAnswerEnd(db: SqlConnection, stream: StreamRecord): void {
  const end = findAnswerEnd(stream)
  if (!end) return
  db.prepare<[number, number, string]>('UPDATE sessions SET answered_at = ?, answer_failed = ? WHERE id = ?').run(
    end.answeredAt,
    end.hasFailed ? 1 : 0,
    stream.sessionId,
  )
}

/** Moves the end of the log of a session. Returns false if it is not the expected one. Call it inside a transaction. */
export function advanceHeadSeq(db: SqlConnection, advance: HeadSeqAdvance): boolean {
  const { sessionId, expectedHeadSeq, headSeq, addedMessages, activityAt, contextSize } = advance
  const keepsContextSize = contextSize === undefined ? 1 : 0
  const newContextSize = contextSize ? JSON.stringify(contextSize) : null
  // Deltas leave the columns alone that have indexes.
  const { changes } =
    addedMessages === 0 && activityAt === 0
      ? db
          .prepare<[number, number, string | null, string, number]>(
            `UPDATE sessions SET head_seq = ?, context_size = iif(?, context_size, ?) WHERE id = ? AND head_seq = ?`,
          )
          .run(headSeq, keepsContextSize, newContextSize, sessionId, expectedHeadSeq)
      : db
          .prepare<[number, number, string | null, number, number, string, number]>(
            `UPDATE sessions SET head_seq = ?, context_size = iif(?, context_size, ?), message_count = message_count + ?,
               last_activity_at = max(last_activity_at, ?) WHERE id = ? AND head_seq = ?`,
          )
          .run(headSeq, keepsContextSize, newContextSize, addedMessages, activityAt, sessionId, expectedHeadSeq)
  return changes === 1
}

/** Stores what a model would be sent next of a session. Null: it has to be counted. Call it inside a transaction. */
export function updateContextSize(db: SqlConnection, sessionId: string, size: ContextSize | null): void {
  db.prepare<[string | null, string]>('UPDATE sessions SET context_size = ? WHERE id = ?').run(
    size && JSON.stringify(size),
    sessionId,
  )
}
