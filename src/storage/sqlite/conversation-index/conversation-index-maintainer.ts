import { isCrossOriginConversation } from './conversation-index-flags.ts'
import { findConversationListChanges, segueListingRule } from './conversation-changes.ts'
import { type ConversationIndexUpdateResult, ConversationIndexer } from './conversation-indexer.ts'
import { toConversationIndexEntry } from './conversation-index-row.ts'
import { ConversationIndexStore } from './conversation-index-store.ts'
import { defaultProfileName } from '../../../profiles/profile-name.ts'
import { allocateChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import type { ConversationChange } from '../../sessions/conversation-reader.ts'
import { type SessionRow, sessionFromRow } from '../rows/session-row.ts'

export interface ConversationIndexMaintenanceResult {
  /** No session is pending any more. */
  readonly isComplete: boolean
  readonly changes: readonly ConversationChange[]
  /** The feed of cross-origin changes has grown. */
  readonly hasCrossOriginChanges: boolean
}

/**
 * Keeps Segue's index of conversations in step with its table of sessions. Triggers record which sessions were written to, so
 * that no writer needs to know of the index.
 *
 * In this index, a conversation crosses the origins if its root continues a session that Segue does not store. Only Hermes'
 * index can tell whether Hermes does, so that index lists the conversation.
 */
export class ConversationIndexMaintainer {
  readonly #db: SqlConnection
  readonly #tables: ConversationIndexStore
  readonly #indexer: ConversationIndexer

  constructor(db: SqlConnection) {
    this.#db = db
    this.#tables = new ConversationIndexStore(db)
    this.#indexer = new ConversationIndexer(
      db,
      (root) => root.continues !== null && !this.#tables.findSession(root.continues),
    )
  }

  /** Whether sessions have changed that the index does not reflect. */
  get hasPendingWork(): boolean {
    const row = this.#db
      .prepare<[], { isPending: number }>(
        `SELECT EXISTS (SELECT 1 FROM pending_sessions WHERE id >= '') OR EXISTS (SELECT 1 FROM pending_children WHERE parent_id >= '') OR
           EXISTS (SELECT 1 FROM pending_rechecks WHERE id >= '') AS isPending`,
      )
      .get()
    return row?.isPending === 1
  }

  /**
   * Indexes up to about `maxSessions` sessions that were written to. `visiblyChangedIds`: sessions in which something has
   * changed that lists show but the index does not contain. Call it in a transaction.
   */
  processPending(maxSessions: number, visiblyChangedIds: readonly string[]): ConversationIndexMaintenanceResult {
    if (!this.hasPendingWork) {
      const changed = findConversationListChanges(this.#tables, { sessionIds: visiblyChangedIds }, segueListingRule)
      return { isComplete: true, changes: changed, hasCrossOriginChanges: false }
    }
    const ids = this.#listPendingSessionIds(maxSessions)
    const list = JSON.stringify(ids)
    const rows = this.#db
      .prepare<[string], SessionRow & { message_count: number }>(
        'SELECT sessions.* FROM json_each(?) CROSS JOIN sessions ON sessions.id = json_each.value',
      )
      .all(list)
    // The index holds the ids of Hermes' sessions as they are stored: without a namespace.
    const upserted = rows.map((row) =>
      toConversationIndexEntry(sessionFromRow(row, defaultProfileName), row.message_count > 0),
    )
    const existingIds = new Set(upserted.map(({ id }) => id))
    const deleted = ids.filter((id) => !existingIds.has(id))
    const result = this.#indexer.apply({ upserted, deleted }, maxSessions)
    this.#db.prepare<[string]>('DELETE FROM pending_sessions WHERE id IN (SELECT value FROM json_each(?))').run(list)
    const hasCrossOriginChanges = this.#recordCrossOriginChanges(result)
    const changeSet = { conversations: result.conversations, sessionIds: [...ids, ...visiblyChangedIds] }
    return {
      isComplete: result.isComplete && ids.length < maxSessions,
      changes: findConversationListChanges(this.#tables, changeSet, segueListingRule),
      hasCrossOriginChanges,
    }
  }

  #listPendingSessionIds(limit: number): string[] {
    return this.#db
      .prepare<[number], { id: string }>("SELECT id FROM pending_sessions WHERE id >= '' ORDER BY id LIMIT ?")
      .all(limit)
      .map(({ id }) => id)
  }

  /** Adds the changed sessions of conversations that cross the origins, or did, to the feed. Returns whether there are any. */
  #recordCrossOriginChanges({ changedSessionIds, conversations }: ConversationIndexUpdateResult): boolean {
    const affectsCrossOrigin = [...conversations.values()].some(
      ({ before, after }) => isCrossOriginConversation(before ?? 0) || isCrossOriginConversation(after ?? 0),
    )
    if (!affectsCrossOrigin) return false
    const candidateIds = new Set(changedSessionIds)
    for (const [rootId, { before, after }] of conversations) {
      if (isCrossOriginConversation(before ?? 0) === isCrossOriginConversation(after ?? 0)) continue
      for (const id of this.#listSessionIds(rootId)) candidateIds.add(id)
    }
    const changedIds = [...candidateIds].filter((id) => this.#isCrossOrigin(id) || this.#wasCrossOrigin(id))
    for (const id of changedIds) this.#recordChange(id)
    return changedIds.length > 0
  }

  #isCrossOrigin(id: string): boolean {
    const session = this.#tables.findSession(id)
    return session !== null && isCrossOriginConversation(this.#tables.findConversation(session.root_id)?.flags ?? 0)
  }

  #wasCrossOrigin(id: string): boolean {
    return (
      this.#db.prepare<[string], { id: string }>('SELECT id FROM cross_origin_changes WHERE id = ?').get(id) !==
      undefined
    )
  }

  #recordChange(id: string): void {
    this.#db
      .prepare<[string, number]>(
        `INSERT INTO cross_origin_changes (id, change) VALUES (?, ?)
         ON CONFLICT (id) DO UPDATE SET change = excluded.change`,
      )
      .run(id, allocateChangeSeq(this.#db, 'cross_origin'))
  }

  #listSessionIds(rootId: string): string[] {
    const others = this.#db
      .prepare<[string], { id: string }>('SELECT id FROM conversation_sessions WHERE root_id = ? AND root_id <> id')
      .all(rootId)
    return [rootId, ...others.map(({ id }) => id)]
  }
}
