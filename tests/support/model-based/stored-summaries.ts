import { toMessageText } from '../../../src/model/message-content/message-text.ts'
import type { StoredChats } from '../storage/stored-chat.ts'
import { findSummaryNumbers } from './simulated-summaries.ts'

export type StoredSession = StoredChats['sessions'][number]

/** The number of the newest summary of each session, its own or that of a session that it continues. */
export function findNewestSummaries(stored: StoredChats): Map<string, number> {
  const texts = (session: StoredSession): string[] => [
    ...stored.checkpoints.filter(({ sessionId }) => sessionId === session.id).map(({ summary }) => summary.text),
    ...stored.messages
      .filter(({ sessionId, summary }) => sessionId === session.id && summary === true)
      .map(({ parts }) => toMessageText(parts)),
  ]
  return new Map(
    stored.sessions.map((session) => {
      const numbers = listChain(stored, session).flatMap((each) => texts(each).flatMap(findSummaryNumbers))
      return [session.id, Math.max(0, ...numbers)]
    }),
  )
}

/** A session and those that it continues, the newest first. */
export function listChain(stored: StoredChats, session: StoredSession): StoredSession[] {
  const parent = stored.sessions.find(({ id }) => id === session.parent_session_id)
  return parent ? [session, ...listChain(stored, parent)] : [session]
}
