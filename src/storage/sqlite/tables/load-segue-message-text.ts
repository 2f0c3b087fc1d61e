import { toMessageText } from '../../../model/message-content/message-text.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { readEventPage } from './event-table.ts'
import { AnswerTextFold } from '../../rows/answer-text-fold.ts'
import { type MessageRow, parseStoredParts } from '../../rows/message-row.ts'

/**
 * The text of a stored message, whatever its length: the text of a very long answer is rebuilt from the log. Yields
 * between two pages of it. Empty if there is no such message.
 */
export function* loadSegueMessageText(db: SqlConnection, id: string): Generator<void, string, void> {
  const row = db.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
  if (!row) return ''
  const { parts, inLog } = parseStoredParts(row)
  return inLog ? yield* readTextFromLog(db, row) : toMessageText(parts)
}

function* readTextFromLog(db: SqlConnection, { stream_id, session_id }: MessageRow): Generator<void, string, void> {
  const stream = db
    .prepare<[string | null], { first_seq: number; last_seq: number }>(
      'SELECT first_seq, last_seq FROM streams WHERE id = ?',
    )
    .get(stream_id)
  const fold = new AnswerTextFold(stream_id)
  let after = (stream?.first_seq ?? 1) - 1
  for (;;) {
    const events = readEventPage(db, { sessionId: session_id, after, upTo: stream?.last_seq ?? 0 })
    fold.add(events)
    const last = events.at(-1)
    if (!last) return fold.toText()
    after = last.seq
    yield
  }
}
