import type { ConversationIndexEntry } from '../sessions/cross-origin-continuation-feed.ts'
import type { ConversationSettingsRow } from '../sessions/conversation-settings.ts'
import type { ConversationIndexFlags } from './conversation-index-flags.ts'
import type { ConversationIndexRow } from './conversation-index-row.ts'

export interface ConversationSummaryRow {
  readonly root_id: string
  /** The session with the newest message. */
  readonly tip_id: string
  readonly segment_count: number
  /** The time of the newest message; the start of the tip if there is none. */
  readonly last_activity_at: number
  readonly flags: ConversationIndexFlags
  /** The session that its attention is about; null for IDLE. */
  readonly attention_session_id: string | null
}

/** A session whose children's positions must be computed again, beginning after one of them. */
export interface ChildReindexQueueRow {
  readonly parent_id: string
  readonly after_id: string
  /** 1 if the children may continue it now and did not before, or the other way round. */
  readonly relinked: number
}

/** The rows of a conversation index that the indexer reads and writes while it applies an update. */
export interface ConversationIndexTables {
  findSession(id: string): ConversationIndexRow | null
  insertSession(session: ConversationIndexRow): void
  /** Keeps the flags that come from the conversation. */
  updateSession(session: ConversationIndexEntry): void
  updatePosition(id: string, rootId: string, depth: number | null): void
  deleteSession(id: string): void
  /** The sessions of a conversation, in no order. */
  listSessionIds(rootId: string): string[]
  /** Gives sessions the flags that they have of their conversation. */
  updateConversationFlags(ids: readonly string[], flags: ConversationIndexFlags): void
  /** Ids of the sessions that take the place of a session, or continue it if it can be continued, in order. */
  listChildIds(aboveId: string, afterId: string, limit: number): string[]
  hasChildren(aboveId: string): boolean
  /** The oldest of the retries that take a place. */
  findOldestRetry(placeId: string): ConversationIndexRow | null
  /** The tip among the sessions of a conversation other than its root. */
  findNewestSession(rootId: string): ConversationIndexRow | null
  /** The session of a conversation that wants something of a person now, the most urgent one. */
  findSessionThatWantsAttention(rootId: string): ConversationIndexRow | null
  /** The session with the newest answer among the sessions of a conversation other than its root. */
  findNewestAnsweredSession(rootId: string): ConversationIndexRow | null
  findConversation(rootId: string): ConversationSummaryRow | null
  upsertConversation(row: ConversationSummaryRow): void
  deleteConversation(rootId: string): void
  enqueueChildren(row: ChildReindexQueueRow): void
  findPendingChildren(): ChildReindexQueueRow | null
  dequeueChildren(parentId: string): void
  enqueueRecheck(id: string): void
  findPendingRecheck(): string | null
  dequeueRecheck(id: string): void
  /** No position is pending. */
  readonly isComplete: boolean
}

/** The settings of conversations, by session, as the indexer spreads them. */
export interface ConversationSettingsRows {
  find(sessionId: string): ConversationSettingsRow | null
  /** In no order. Sessions without settings are left out. */
  findMany(sessionIds: readonly string[]): ConversationSettingsRow[]
  /** Adds what is newer in `row` to the settings of its session. Returns whether anything was. */
  merge(row: ConversationSettingsRow): boolean
}
