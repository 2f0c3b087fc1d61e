import { toMessageText } from '../../../model/message-content/message-text.ts'
import { AnswerTextFold } from '../../rows/answer-text-fold.ts'
import { type MessageRow, parseStoredParts } from '../../rows/message-row.ts'
import type { PostgresConnection, PostgresStatement } from '../database/postgres-statement.ts'
import { readEventPage } from './event-table.ts'

const selectMessages: PostgresStatement = {
  name: 'select-messages-by-ids',
  text: 'SELECT * FROM messages WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectSeqs: PostgresStatement = {
  name: 'select-seqs-of-stream',
  text: 'SELECT first_seq, last_seq FROM streams WHERE profile = $1 AND id = $2',
}

/** Rows of messages, in no order. Unknown ids are left out. */
export function loadMessageRows(db: PostgresConnection, ids: readonly string[]): Promise<MessageRow[]> {
  return db.query<MessageRow>(selectMessages, [ids])
}

/** The text of a stored message, whatever its length: the text of a very long answer is rebuilt from the log. */
export async function loadMessageText(db: PostgresConnection, row: MessageRow): Promise<string> {
  const { parts, inLog } = parseStoredParts(row)
  return inLog ? readTextFromLog(db, row) : toMessageText(parts)
}

async function readTextFromLog(db: PostgresConnection, { stream_id, session_id }: MessageRow): Promise<string> {
  const [stream] = await db.query<{ first_seq: number; last_seq: number }>(selectSeqs, [stream_id])
  const fold = new AnswerTextFold(stream_id)
  let after = (stream?.first_seq ?? 1) - 1
  for (;;) {
    const events = await readEventPage(db, { sessionId: session_id, after, upTo: stream?.last_seq ?? 0 })
    fold.add(events)
    const last = events.at(-1)
    if (!last) return fold.toText()
    after = last.seq
  }
}
