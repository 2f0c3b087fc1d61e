import { continuesSession, maxChainLength } from '../model/conversation/lineage.ts'
import type { ContextCheckpoint } from '../model/context/context-checkpoint.ts'
import type { ContextSummary } from '../model/context/context-summary.ts'
import type { MessageRecord } from '../model/message.ts'
import { isSegueSummary } from '../model/conversation/message-kind.ts'
import { toMessageText } from '../model/message-content/message-text.ts'
import type { SessionRecord } from '../model/session.ts'

/** What a model is sent of a session and the sessions that it continues. */
export interface SessionContextRecords {
  /** Stands for everything before `messages`. Null: there is nothing before them. */
  readonly summary: ContextSummary | null
  /** Where the summary is stored: one of the two is set if there is a summary. */
  readonly checkpoint: ContextCheckpoint | null
  readonly summaryMessage: MessageRecord | null
  /** Oldest first. Those of earlier sessions come before those of the session. */
  readonly messages: readonly MessageRecord[]
}

/** How the context of a session is read. */
export interface SessionContextReader {
  findSession(id: string): Promise<SessionRecord | null>
  /** All messages that the session passes on, oldest first. */
  loadMessages(session: SessionRecord): Promise<readonly MessageRecord[]>
  findCheckpoint(session: SessionRecord): Promise<ContextCheckpoint | null>
}

/** A summary, and where it is stored. */
type StoredSummary = Pick<SessionContextRecords, 'checkpoint' | 'summaryMessage'> & {
  readonly summary: ContextSummary
}

/**
 * Loads the context of a session. It begins with the newest summary, which is the session's checkpoint or the summary
 * message that a session begins with, and goes on with the messages after the last one that the summary stands for: these
 * may be in an earlier session. A summary that stands for a message that is not there any more, as when Hermes has
 * rewritten its rows, is ignored, unless the messages that it stands for are gone with a session. Follows at most
 * `maxChainLength` parents. A session whose ancestors form a cycle has its own messages only.
 */
export async function loadSessionContext(
  session: SessionRecord,
  reader: SessionContextReader,
): Promise<SessionContextRecords> {
  const summaries: StoredSummary[] = []
  const newestFirst: (readonly MessageRecord[])[] = []
  const visitedIds = new Set([session.id])
  const compose = (start: StoredSummary | null, messages = newestFirst): SessionContextRecords => ({
    ...(start ?? { summary: null, checkpoint: null, summaryMessage: null }),
    messages: messages.toReversed().flat(),
  })
  for (let current = session; ;) {
    const ownMessages = await reader.loadMessages(current)
    const checkpoint = await reader.findCheckpoint(current)
    if (checkpoint) summaries.push({ summary: checkpoint.summary, checkpoint, summaryMessage: null })
    // A summary can be used once the last message that it stands for is found. The newest one comes first.
    for (const start of summaries) {
      const index = ownMessages.findIndex(({ id }) => id === start.summary.throughMessageId)
      if (index >= 0) return compose(start, [...newestFirst, ownMessages.slice(index + 1)])
    }
    const [first, ...others] = ownMessages
    const summaryMessage = current.origin === 'SEGUE' && first && isSegueSummary(first) ? first : null
    newestFirst.push(summaryMessage ? others : ownMessages)
    if (summaryMessage) summaries.push(toStoredSummary(summaryMessage))
    // It stands for all earlier sessions, so there is nothing to find in them.
    if (summaryMessage && !summaryMessage.summaryContext?.throughMessageId) return compose(summaries.at(-1) ?? null)
    // Hermes copies the context into each session. The first message of a converted session tells so.
    const isWhole = current.origin === 'HERMES' || first?.summary === true
    // A retry begins with copies of all that it inherits.
    if (current.parentId === null || current.retryOf !== null || (isWhole && !summaryMessage)) return compose(null)
    const parent = visitedIds.size > maxChainLength ? null : await reader.findSession(current.parentId)
    // The messages that the newest summary stands for are gone.
    if (!parent || !continuesSession(current, parent)) return compose(summaries[0] ?? null)
    if (visitedIds.has(parent.id)) return compose(null, newestFirst.slice(0, 1))
    visitedIds.add(parent.id)
    current = parent
  }
}

function toStoredSummary(summaryMessage: MessageRecord): StoredSummary {
  const { parts, summaryContext = { quotes: [], throughMessageId: null } } = summaryMessage
  return { summary: { text: toMessageText(parts), ...summaryContext }, checkpoint: null, summaryMessage }
}
