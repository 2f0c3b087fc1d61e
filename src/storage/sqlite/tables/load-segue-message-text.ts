import { foldAnswer, type FoldedAnswer } from '../../../model/fold/fold-message.ts'
import { toMessageText } from '../../../model/message-content/message-text.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { readEventPage } from './event-table.ts'
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
  // Only the text is folded: results of tools and files can be much longer.
  const empty: FoldedAnswer = { parts: [], status: 'STREAMING', usage: null }
  let answer = empty
  let after = (stream?.first_seq ?? 1) - 1
  for (;;) {
    const events = readEventPage(db, { sessionId: session_id, after, upTo: stream?.last_seq ?? 0 })
    for (const event of events) {
      if ((event.type !== 'TextDelta' && event.type !== 'ReasoningDelta') || event.streamId !== stream_id) continue
      answer = foldAnswer(answer, event, () => empty) ?? empty
    }
    const last = events.at(-1)
    // A part of another kind is an empty text.
    if (!last) return toMessageText(answer.parts.filter((part) => part.type === 'text' && part.text !== ''))
    after = last.seq
    yield
  }
}
