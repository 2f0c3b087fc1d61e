import type { ChatEvent } from '../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { SessionApprovalRule } from '../../model/approval-rule.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { ConversationSettingsPatch } from '../sessions/conversation-settings.ts'
import type { WithIdempotencyKey } from '../idempotency-key.ts'

/** Everything that a profile stores of some sessions, row by row, as it is when the reader is opened. */
export interface ExportReader {
  findSession(id: string): Promise<WithIdempotencyKey<SessionRecord> | null>
  /** Ids of the sessions whose parent is this one, of either origin, or that take its place, in order. */
  listLinkedIds(id: string): Promise<string[]>
  /** What is set for the conversation of these sessions, of either origin. Null if nothing is. */
  findConversationSettings(sessionIds: readonly string[]): Promise<ConversationSettingsPatch | null>
  findContextCheckpoint(sessionId: string): Promise<ContextCheckpoint | null>
  /** Hashes of the blobs that a session refers to, in order. */
  listBlobHashes(sessionId: string): Promise<string[]>
  /** In the order in which they were stored. */
  readStreams(sessionIds: readonly string[]): AsyncIterable<WithIdempotencyKey<StreamRecord>>
  /** In the order in which they were stored. */
  readMessages(sessionIds: readonly string[]): AsyncIterable<MessageRecord>
  /** Session by session, in order of seq. */
  readEvents(sessionIds: readonly string[]): AsyncIterable<ChatEvent>
  /** In the order in which they last changed. */
  readDecisions(sessionIds: readonly string[]): AsyncIterable<DecisionRecord>
  /** The approval rules of these sessions; those of the whole profile belong to none. */
  listApprovalRules(sessionIds: readonly string[]): Promise<SessionApprovalRule[]>
  close(): Promise<void>
}
