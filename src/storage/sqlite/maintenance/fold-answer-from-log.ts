import { type FoldableEvent, foldAnswer, type FoldedAnswer } from '../../../model/fold/fold-message.ts'
import type { MessagePart } from '../../../model/message.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { readEventPage } from '../tables/event-table.ts'
import type { StreamRow } from '../../rows/stream-row.ts'

type LoggedStream = Pick<StreamRow, 'id' | 'session_id' | 'first_seq' | 'last_seq'>

/** What the events of a stream fold to, and what they lack. */
export interface AnswerFromLog {
  /** Null: nothing was produced. */
  readonly parts: readonly MessagePart[] | null
  /** What is wrong with the log of a stream that has ended, as a sentence without its end; null if it is whole. */
  readonly gap: string | null
}

/** Folds the stored events of a stream that has ended. */
export function foldAnswerFromLog(db: SqlConnection, stream: LoggedStream): AnswerFromLog {
  const empty: FoldedAnswer = { parts: [], status: 'STREAMING', usage: null }
  let answer: FoldedAnswer | null = null
  let gap: string | null = null
  let endSeq: number | null = null
  for (let after = stream.first_seq - 1; ;) {
    const events = readEventPage(db, { sessionId: stream.session_id, after, upTo: stream.last_seq })
    for (const event of events) {
      if (event.streamId !== stream.id) continue
      gap ??= skipsText(answer, event) ? `events before seq ${event.seq} are missing` : null
      if (event.type === 'StreamFinished') endSeq = event.seq
      answer = foldAnswer(answer, event, () => empty)
    }
    const last = events.at(-1)
    if (!last) break
    after = last.seq
  }
  return { parts: answer?.parts ?? null, gap: gap ?? (endSeq === stream.last_seq ? null : 'its last event is missing') }
}

/** Whether a delta begins behind the end of its text. */
function skipsText(answer: FoldedAnswer | null, event: FoldableEvent): boolean {
  if (event.type !== 'TextDelta' && event.type !== 'ReasoningDelta') return false
  const part = answer?.parts[event.partIndex]
  return event.offset > (part?.type === 'text' || part?.type === 'reasoning' ? part.text.length : 0)
}
