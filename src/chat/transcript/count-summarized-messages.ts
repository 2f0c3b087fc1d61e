import type { MessageRecord } from '../../model/message.ts'
import { isSegueSummary, toMessageKind } from '../../model/conversation/message-kind.ts'
import type { SessionTranscript, TranscriptKey } from './session-transcript.ts'

/** In one page. */
const pageSize = 500

interface SummaryMessages {
  /** Of the session of the summary. */
  readonly transcript: SessionTranscript
  loadMessage(id: string): Promise<MessageRecord | null>
}

/**
 * How many messages of people and agents a summary stands for, with those that earlier summaries stood for. Null for other
 * messages, and where it is not known: Hermes does not say it, and the messages may be gone. Reads all that it counts.
 */
export async function countSummarizedMessages(
  summary: MessageRecord,
  { transcript, loadMessage }: SummaryMessages,
): Promise<number | null> {
  if (!isSegueSummary(summary)) return null
  const throughId = summary.summaryContext?.throughMessageId ?? null
  const through = throughId === null ? summary : await loadMessage(throughId)
  if (through?.position == null || !transcript.hasSession(through.sessionId)) return null
  let before: TranscriptKey = { sessionId: through.sessionId, position: through.position + 1 }
  let count = 0
  for (;;) {
    const page = await transcript.loadPage({ after: null, before, limit: pageSize, backwards: true })
    count += page.filter((message) => toMessageKind(message) === 'CHAT' && !message.withdrawn).length
    const [first] = page
    if (!first || page.length < pageSize) return count === 0 ? null : count
    before = { sessionId: first.sessionId, position: first.position ?? 0 }
  }
}
