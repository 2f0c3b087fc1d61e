import { createHash } from 'node:crypto'
import { computeMessageDigest } from '../../../model/fold/message-digest.ts'
import { toMessageText } from '../../../model/message-content/message-text.ts'
import type { MessagePart } from '../../../model/message.ts'
import { normalizeSearchText } from '../../../search/analyzer.ts'
import type { DatabaseProblem } from '../../maintenance/database-inspection.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isOfExistingSessionSql } from '../tables/deletion-queue-condition.ts'
import { type MessageRow, parseStoredParts } from '../../rows/message-row.ts'
import type { StreamRow } from '../../rows/stream-row.ts'
import { invertSearchRowid } from '../search/search-index.ts'
import { foldAnswerFromLog } from './fold-answer-from-log.ts'

/** Compares every answer whose stream has ended with the fold of its events. */
export function* findAnswerProblems(db: SqlConnection): Generator<DatabaseProblem> {
  const streams = db.prepare<[], StreamRow>(
    `SELECT * FROM streams WHERE finished_at IS NOT NULL AND ${isOfExistingSessionSql('streams')}`,
  )
  for (const stream of streams.iterate()) {
    const problem = compareAnswer(db, stream)
    if (problem) yield problem
  }
}

function compareAnswer(db: SqlConnection, stream: StreamRow): DatabaseProblem | null {
  const { parts, gap } = foldAnswerFromLog(db, stream)
  if (gap !== null) return { kind: 'LOG', text: `the log of the stream ${stream.id} is not complete: ${gap}` }
  if (stream.message_id === null) return null
  const row = db.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(stream.message_id)
  const isSame = row !== undefined && hasParts(row, parts)
  if (isSame) return null
  const what = row === undefined ? 'is missing' : 'is not what its events fold to'
  const text = `the message ${stream.message_id} of the session ${stream.session_id} ${what}`
  // A missing row has more than its parts.
  return row === undefined ? { kind: 'LOG', text } : { kind: 'MESSAGE', text, messageId: stream.message_id }
}

/** Whether a row has these parts. One that only the log contains always does. */
function hasParts(row: MessageRow, parts: readonly MessagePart[] | null): boolean {
  try {
    const stored = parseStoredParts(row)
    return stored.inLog === true || digest(stored.parts) === digest(parts ?? [])
  } catch {
    return false // not even JSON
  }
}

const digest = (parts: readonly MessagePart[]): string =>
  computeMessageDigest(parts, (text) => createHash('sha256').update(text).digest('hex'))

/** Compares the search index with the messages and titles that it is of. */
export function* findSearchIndexProblems(db: SqlConnection): Generator<DatabaseProblem> {
  const newProblem = (text: string): DatabaseProblem => ({ kind: 'SEARCH_INDEX', text })
  for (const kind of ['message', 'title'] as const) {
    const lost = count(
      db,
      `SELECT count(*) AS count FROM ${kind}_entries
       WHERE (${invertSearchRowid(0)} - number) NOT IN (SELECT id FROM ${kind}_index_docsize)`,
    )
    if (lost > 0) yield newProblem(`${lost} entries of the search index of ${kind}s have no text`)
  }
  if (count(db, 'SELECT count(*) AS count FROM search_backfill') > 0) return // it is being built
  const missing = countUnindexedMessages(db)
  if (missing > 0) yield newProblem(`${missing} messages are missing in the search index`)
}

function countUnindexedMessages(db: SqlConnection): number {
  const rows = db.prepare<[], MessageRow>(
    `SELECT * FROM messages WHERE role IN ('USER', 'ASSISTANT') AND (copy_of IS NULL OR stands_in = 1)
       AND ${isOfExistingSessionSql('messages')}
       AND NOT EXISTS (SELECT 1 FROM message_entries WHERE message_entries.id = messages.id)
       AND NOT EXISTS (SELECT 1 FROM search_queue WHERE is_long IN (0, 1) AND kind = 'message' AND id = messages.id)`,
  )
  let missing = 0
  for (const row of rows.iterate()) if (hasSearchableText(row)) missing += 1
  return missing
}

/** A message without a word has no entry. Those that only the log contains are left out: they are rare, and long. */
function hasSearchableText(row: MessageRow): boolean {
  try {
    const { parts, inLog } = parseStoredParts(row)
    return !inLog && normalizeSearchText(toMessageText(parts)) !== ''
  } catch {
    return false
  }
}

const conversationChecks: readonly (readonly [sql: string, what: string])[] = [
  [
    `SELECT count(*) AS count FROM sessions WHERE id NOT IN (SELECT id FROM conversation_sessions)
       AND id NOT IN (SELECT id FROM pending_sessions)`,
    'sessions are in no conversation',
  ],
  [
    `SELECT count(*) AS count FROM conversation_sessions WHERE id NOT IN (SELECT id FROM sessions)
       AND id NOT IN (SELECT id FROM pending_sessions)`,
    'sessions of conversations do not exist',
  ],
  [
    `SELECT count(*) AS count FROM conversations WHERE NOT EXISTS (SELECT 1 FROM conversation_sessions
       WHERE conversation_sessions.root_id = conversations.root_id)`,
    'conversations have no session',
  ],
  [
    `SELECT count(DISTINCT root_id) AS count FROM conversation_sessions
     WHERE root_id NOT IN (SELECT root_id FROM conversations)`,
    'conversations are not listed',
  ],
  [
    `SELECT count(*) AS count FROM conversations WHERE NOT EXISTS (SELECT 1 FROM conversation_sessions
       WHERE conversation_sessions.id = tip_id AND conversation_sessions.root_id = conversations.root_id)`,
    'conversations have a current session that is not theirs',
  ],
  [
    `SELECT count(*) AS count FROM (SELECT flags, conversation_count FROM conversation_counts EXCEPT
       SELECT flags, count(*) FROM conversations GROUP BY flags)`,
    'counts of conversations are wrong',
  ],
]

/** Compares the conversation index with the sessions that it is of. */
export function* findConversationIndexProblems(db: SqlConnection): Generator<DatabaseProblem> {
  const isPending =
    count(
      db,
      `SELECT (SELECT count(*) FROM pending_sessions) + (SELECT count(*) FROM pending_children) +
         (SELECT count(*) FROM pending_rechecks) AS count`,
    ) > 0
  if (isPending) return // it is being brought up to date
  for (const [sql, what] of conversationChecks) {
    const found = count(db, sql)
    if (found > 0) yield { kind: 'CONVERSATION_INDEX', text: `${found} ${what} in the conversation index` }
  }
}

function count(db: SqlConnection, sql: string): number {
  return db.prepare<[], { count: number }>(sql).get()?.count ?? 0
}
