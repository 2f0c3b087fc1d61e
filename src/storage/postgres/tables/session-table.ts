import type { SessionRecord } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { SessionRecordPatch } from '../../event-store.ts'
import { applySessionPatch } from '../../rows/apply-session-patch.ts'
import {
  type HeadSeqAdvance,
  sessionFromRow,
  type SessionRow,
  type SessionRowWithSettings,
  sessionToRow,
} from '../../rows/session-row.ts'
import { findAnswerEnd } from '../../rows/stream-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresConnection,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'
import { updateConversationSettings } from './conversation-settings-table.ts'

/** Selects rows of `SessionRowWithSettings`. Add conditions with AND. */
export const selectSessionsSql = `SELECT sessions.*, settings.pinned, settings.archived FROM sessions
  LEFT JOIN conversation_settings AS settings
    ON settings.profile = sessions.profile AND settings.session_id = sessions.id
  WHERE sessions.profile = $1`

const insert = defineInsert<SessionRow>('insert-sessions', 'sessions', {
  id: 'text',
  title: 'text',
  title_source: 'text',
  source: 'text',
  model: 'text',
  instructions: 'text',
  effort: 'text',
  forked_from: 'text',
  forked_from_origin: 'text',
  retry_of: 'text',
  retry_of_origin: 'text',
  takes_place_of: 'text',
  takes_place_of_origin: 'text',
  parent_session_id: 'text',
  parent_origin: 'text',
  started_at: 'bigint',
  ended_at: 'bigint',
  end_reason: 'text',
  last_activity_at: 'bigint',
  head_seq: 'bigint',
  usage: 'text',
  context_size: 'text',
})

const lock = {
  name: 'lock-sessions',
  text: 'SELECT id FROM sessions WHERE profile = $1 AND id = ANY($2::text[]) ORDER BY id FOR UPDATE',
}

const countMessages = {
  name: 'count-messages-of-session',
  text: `UPDATE sessions SET message_count = (SELECT count(*) FROM messages
      WHERE messages.profile = $1 AND messages.session_id = sessions.id AND position IS NOT NULL)
    WHERE profile = $1 AND id = $2`,
}

const advance = {
  name: 'advance-head-seqs',
  text: `UPDATE sessions SET head_seq = advance.head_seq, message_count = message_count + advance.added_messages,
      last_activity_at = greatest(last_activity_at, advance.activity_at),
      context_size = CASE advance.keeps_context_size WHEN 1 THEN sessions.context_size ELSE advance.context_size END
    FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::smallint[], $8::smallint[], $9::text[])
      AS advance (id, expected_head_seq, head_seq, added_messages, activity_at, needs_open_session, keeps_context_size, context_size)
    WHERE sessions.profile = $1 AND sessions.id = advance.id AND sessions.head_seq = advance.expected_head_seq
      AND (sessions.ended_at IS NULL OR advance.needs_open_session = 0)
      AND (sessions.end_reason IS DISTINCT FROM 'compression' OR advance.head_seq = advance.expected_head_seq)
    RETURNING sessions.id`,
}

const recordEnd = {
  name: 'record-answer-end',
  text: 'UPDATE sessions SET answered_at = $3, answer_failed = $4 WHERE profile = $1 AND id = $2',
}

const selectById = { name: 'select-session', text: `${selectSessionsSql} AND sessions.id = $2` }

const patchRow = {
  name: 'patch-session',
  text: `UPDATE sessions SET title = $3, title_source = $4, ended_at = $5, end_reason = $6, model = $7,
    instructions = $8, effort = $9 WHERE profile = $1 AND id = $2`,
}

const selectHeads = {
  name: 'select-head-seqs',
  text: 'SELECT id, head_seq FROM sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

/** Inserts a session. If it is pinned or archived, so is its conversation then. */
export async function insertSession(tx: PostgresTransaction, session: SessionRecord): Promise<void> {
  await insertRows(tx, insert, [sessionToRow(session)])
  const { id, pinned, archived } = session
  if (pinned || archived) await updateConversationSettings(tx, { sessionIds: [id], patch: { pinned, archived } })
}

/** Has other transactions that write to these sessions wait for the end of this one. Resolves to the ids of those that exist. */
export async function lockSessions(tx: PostgresTransaction, ids: readonly string[]): Promise<string[]> {
  return (await tx.query<{ id: string }>(lock, [ids])).map(({ id }) => id)
}

/** Counts the messages of a session whose messages were inserted together with it. */
export async function updateMessageCount(tx: PostgresTransaction, sessionId: string): Promise<void> {
  await tx.execute(countMessages, [sessionId])
}

/** Notes that an answer has ended, if this stream has: lists tell of it until a person has read it. */
export async function recordAnswerEnd(tx: PostgresTransaction, stream: StreamRecord): Promise<void> {
  const end = findAnswerEnd(stream)
  if (end) await tx.execute(recordEnd, [stream.sessionId, end.answeredAt, end.hasFailed ? 1 : 0])
}

/** Like `HeadSeqAdvance`, of a writer that other processes may have overtaken. */
export interface SharedHeadSeqAdvance extends HeadSeqAdvance {
  /** Refused in a session that has ended. */
  readonly needsOpenSession: boolean
}

/** Moves the ends of the logs of different sessions. Resolves to the ids of those that had the expected ones. */
export async function advanceHeadSeqs(
  tx: PostgresTransaction,
  advances: readonly SharedHeadSeqAdvance[],
): Promise<Set<string>> {
  const rows = await tx.query<{ id: string }>(advance, [
    advances.map(({ sessionId }) => sessionId),
    advances.map(({ expectedHeadSeq }) => expectedHeadSeq),
    advances.map(({ headSeq }) => headSeq),
    advances.map(({ addedMessages }) => addedMessages),
    advances.map(({ activityAt }) => activityAt),
    advances.map(({ needsOpenSession }) => (needsOpenSession ? 1 : 0)),
    advances.map(({ contextSize }) => (contextSize === undefined ? 1 : 0)),
    advances.map(({ contextSize }) => (contextSize ? JSON.stringify(contextSize) : null)),
  ])
  return new Set(rows.map(({ id }) => id))
}

/** Changes the row of a session, if there is one. The caller has locked it. */
export async function patchSession(
  tx: PostgresTransaction,
  sessionId: string,
  patch: SessionRecordPatch,
): Promise<void> {
  const [row] = await tx.query<SessionRowWithSettings>(selectById, [sessionId])
  if (!row) return
  const patched = sessionToRow(applySessionPatch(sessionFromRow(row, tx.profile), patch))
  const { title, title_source, ended_at, end_reason, model, instructions, effort } = patched
  await tx.execute(patchRow, [sessionId, title, title_source, ended_at, end_reason, model, instructions, effort])
}

/** For each session, the seq of the last event of its log; null without the session. */
export async function loadHeadSeqs(db: PostgresConnection, sessionIds: readonly string[]): Promise<(number | null)[]> {
  const rows = await db.query<{ id: string; head_seq: number }>(selectHeads, [sessionIds])
  const heads = new Map(rows.map(({ id, head_seq }) => [id, head_seq]))
  return sessionIds.map((id) => heads.get(id) ?? null)
}
