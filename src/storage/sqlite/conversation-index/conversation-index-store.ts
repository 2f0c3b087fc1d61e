import type { SqlConnection } from '../database/statement-cache.ts'
import {
  type ConversationIndexFlags,
  conversationFlagsMask,
} from '../../conversation-index/conversation-index-flags.ts'
import type { ConversationIndexEntry } from '../../sessions/cross-origin-continuation-feed.ts'
import type { ConversationIndexRow } from '../../conversation-index/conversation-index-row.ts'
import type {
  ChildReindexQueueRow,
  ConversationIndexTables,
  ConversationSummaryRow,
} from '../../conversation-index/conversation-index-tables.ts'

/** Reads and writes single rows of the tables in `conversation-index-schema.ts`. */
export class ConversationIndexStore implements ConversationIndexTables {
  readonly #db: SqlConnection

  constructor(db: SqlConnection) {
    this.#db = db
  }

  findSession(id: string): ConversationIndexRow | null {
    return (
      this.#db.prepare<[string], ConversationIndexRow>('SELECT * FROM conversation_sessions WHERE id = ?').get(id) ??
      null
    )
  }

  insertSession(session: ConversationIndexRow): void {
    this.#db
      .prepare<[ConversationIndexRow]>(
        `INSERT INTO conversation_sessions
           (id, continues, takes_place_of, can_be_continued, started_at, message_at, activity_at, flags, default_flags,
            live_attention, answered_at, answer_failed, root_id, depth)
         VALUES
           (:id, :continues, :takes_place_of, :can_be_continued, :started_at, :message_at, :activity_at, :flags,
            :default_flags, :live_attention, :answered_at, :answer_failed, :root_id, :depth)`,
      )
      .run(session)
  }

  /** Keeps the flags that come from the conversation. */
  updateSession(session: ConversationIndexEntry): void {
    this.#db
      .prepare<[ConversationIndexEntry]>(
        `UPDATE conversation_sessions SET continues = :continues, takes_place_of = :takes_place_of,
           can_be_continued = :can_be_continued, started_at = :started_at, message_at = :message_at,
           activity_at = :activity_at,
           flags = (:flags & ~${conversationFlagsMask}) | (flags & ${conversationFlagsMask}),
           default_flags = :default_flags, live_attention = :live_attention, answered_at = :answered_at,
           answer_failed = :answer_failed WHERE id = :id`,
      )
      .run(session)
  }

  updatePosition(id: string, rootId: string, depth: number | null): void {
    this.#db
      .prepare<[string, number | null, string]>('UPDATE conversation_sessions SET root_id = ?, depth = ? WHERE id = ?')
      .run(rootId, depth, id)
  }

  deleteSession(id: string): void {
    this.#db.prepare<[string]>('DELETE FROM conversation_sessions WHERE id = ?').run(id)
  }

  /** The sessions of a conversation, in no order. */
  listSessionIds(rootId: string): string[] {
    return this.#db
      .prepare<[string, string], { id: string }>(
        // The root by its key, because the index by root does not contain it.
        `SELECT id FROM conversation_sessions WHERE id = ? AND root_id = id
         UNION ALL SELECT id FROM conversation_sessions WHERE root_id = ? AND root_id <> id`,
      )
      .all(rootId, rootId)
      .map(({ id }) => id)
  }

  /** Gives sessions the flags that they have of their conversation. */
  updateConversationFlags(ids: readonly string[], flags: ConversationIndexFlags): void {
    this.#db
      .prepare<[number, string, number]>(
        `UPDATE conversation_sessions SET flags = (flags & ~${conversationFlagsMask}) | ?
         WHERE id IN (SELECT value FROM json_each(?)) AND flags & ${conversationFlagsMask} <> ?`,
      )
      .run(flags, JSON.stringify(ids), flags)
  }

  /** Ids of the sessions that take the place of a session, or continue it if it can be continued, in order. */
  listChildIds(aboveId: string, afterId: string, limit: number): string[] {
    return this.#db
      .prepare<[string, string, string, string, number], { id: string }>(
        `SELECT id FROM conversation_sessions WHERE continues = ? AND id > ?
         UNION SELECT id FROM conversation_sessions WHERE takes_place_of = ? AND id > ? ORDER BY id LIMIT ?`,
      )
      .all(aboveId, afterId, aboveId, afterId, limit)
      .map(({ id }) => id)
  }

  hasChildren(aboveId: string): boolean {
    const row = this.#db.prepare<[string, string], { id: string }>(
      `SELECT id FROM conversation_sessions WHERE continues = ?
       UNION ALL SELECT id FROM conversation_sessions WHERE takes_place_of = ? LIMIT 1`,
    )
    return row.get(aboveId, aboveId) !== undefined
  }

  /** The oldest of the retries that take the place of a session. */
  findOldestRetry(placeId: string): ConversationIndexRow | null {
    return (
      this.#db
        .prepare<[string], ConversationIndexRow>(
          'SELECT * FROM conversation_sessions WHERE takes_place_of = ? ORDER BY started_at, id LIMIT 1',
        )
        .get(placeId) ?? null
    )
  }

  /** The tip among the sessions of a conversation other than its root. */
  findNewestSession(rootId: string): ConversationIndexRow | null {
    return (
      this.#db
        .prepare<[string], ConversationIndexRow>(
          `SELECT * FROM conversation_sessions WHERE root_id = ? AND root_id <> id
           ORDER BY message_at DESC, started_at DESC, id DESC LIMIT 1`,
        )
        .get(rootId) ?? null
    )
  }

  /** The session of a conversation that wants something of a person now, the most urgent one. */
  findSessionThatWantsAttention(rootId: string): ConversationIndexRow | null {
    return (
      this.#db
        .prepare<[string], ConversationIndexRow>(
          `SELECT * FROM conversation_sessions WHERE root_id = ? AND live_attention > 0
           ORDER BY live_attention DESC, id DESC LIMIT 1`,
        )
        .get(rootId) ?? null
    )
  }

  /** The session with the newest answer among the sessions of a conversation other than its root. */
  findNewestAnsweredSession(rootId: string): ConversationIndexRow | null {
    return (
      this.#db
        .prepare<[string], ConversationIndexRow>(
          `SELECT * FROM conversation_sessions WHERE root_id = ? AND root_id <> id AND answered_at IS NOT NULL
           ORDER BY answered_at DESC, id DESC LIMIT 1`,
        )
        .get(rootId) ?? null
    )
  }

  findConversation(rootId: string): ConversationSummaryRow | null {
    return (
      this.#db.prepare<[string], ConversationSummaryRow>('SELECT * FROM conversations WHERE root_id = ?').get(rootId) ??
      null
    )
  }

  upsertConversation(row: ConversationSummaryRow): void {
    this.#db
      .prepare<[ConversationSummaryRow]>(
        `INSERT INTO conversations (root_id, tip_id, segment_count, last_activity_at, flags, attention_session_id)
         VALUES (:root_id, :tip_id, :segment_count, :last_activity_at, :flags, :attention_session_id)
         ON CONFLICT (root_id) DO UPDATE SET tip_id = :tip_id, segment_count = :segment_count,
           last_activity_at = :last_activity_at, flags = :flags, attention_session_id = :attention_session_id`,
      )
      .run(row)
  }

  deleteConversation(rootId: string): void {
    this.#db.prepare<[string]>('DELETE FROM conversations WHERE root_id = ?').run(rootId)
  }

  enqueueChildren(row: ChildReindexQueueRow): void {
    this.#db
      .prepare<[ChildReindexQueueRow]>(
        `INSERT INTO pending_children (parent_id, after_id, relinked) VALUES (:parent_id, :after_id, :relinked)
         ON CONFLICT (parent_id) DO UPDATE SET after_id = :after_id, relinked = max(relinked, :relinked)`,
      )
      .run(row)
  }

  findPendingChildren(): ChildReindexQueueRow | null {
    // The condition makes it an index search, not a scan.
    return (
      this.#db
        .prepare<[], ChildReindexQueueRow>(
          "SELECT * FROM pending_children WHERE parent_id >= '' ORDER BY parent_id LIMIT 1",
        )
        .get() ?? null
    )
  }

  dequeueChildren(parentId: string): void {
    this.#db.prepare<[string]>('DELETE FROM pending_children WHERE parent_id = ?').run(parentId)
  }

  enqueueRecheck(id: string): void {
    this.#db.prepare<[string]>('INSERT INTO pending_rechecks VALUES (?) ON CONFLICT DO NOTHING').run(id)
  }

  findPendingRecheck(): string | null {
    const row = this.#db
      .prepare<[], { id: string }>("SELECT id FROM pending_rechecks WHERE id >= '' ORDER BY id LIMIT 1")
      .get()
    return row?.id ?? null
  }

  dequeueRecheck(id: string): void {
    this.#db.prepare<[string]>('DELETE FROM pending_rechecks WHERE id = ?').run(id)
  }

  /** No position is pending. */
  get isComplete(): boolean {
    const row = this.#db
      .prepare<[], { left: number }>(
        `SELECT EXISTS (SELECT 1 FROM pending_children WHERE parent_id >= '') OR
           EXISTS (SELECT 1 FROM pending_rechecks WHERE id >= '') AS left`,
      )
      .get()
    return row?.left === 0
  }
}
