import type { DecisionRecord } from '../../model/decision.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { sessionFromRowWithStoredIds, type SessionRow } from '../rows/session-row.ts'
import type { ConversationIndexEntry } from '../sessions/cross-origin-continuation-feed.ts'
import { type SessionAnswerState, toConversationIndexEntry } from './conversation-index-row.ts'

/** A row of a session with what the index needs of it. */
export interface IndexedSessionRow extends SessionRow {
  readonly message_count: number
  readonly answered_at: number | null
  readonly answer_failed: number
  /** 1 if one of its streams is RUNNING or WAITING. */
  readonly is_running: number
  /** Of pending decisions: the first kind in the order of the alphabet. */
  readonly decision_kind: DecisionRecord['kind'] | null
}

/** The index takes settings from their own table. */
const noSettings = { pinned: null, archived: null }

/** The index holds the ids of Hermes' sessions as they are stored: without a namespace. */
export function indexedSessionFromRow(row: IndexedSessionRow): ConversationIndexEntry {
  const session = sessionFromRowWithStoredIds({ ...row, ...noSettings }, defaultProfileName)
  return toConversationIndexEntry(session, row.message_count > 0, toAnswerState(row))
}

function toAnswerState({
  answered_at,
  answer_failed,
  decision_kind,
  is_running,
}: IndexedSessionRow): SessionAnswerState {
  const answer = { answeredAt: answered_at, hasAnswerFailed: answer_failed === 1 }
  if (decision_kind === 'approval') return { ...answer, liveAttention: 'NEEDS_APPROVAL' }
  if (decision_kind === 'clarification') return { ...answer, liveAttention: 'NEEDS_ANSWER' }
  return { ...answer, liveAttention: is_running === 1 ? 'WORKING' : 'IDLE' }
}
