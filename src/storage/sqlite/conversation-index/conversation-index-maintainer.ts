import { isCrossOrigin } from './list-flags.ts'
import { diffConversations, listingOfEitherSource } from './conversation-changes.ts'
import { type IndexUpdateResult, ConversationIndexer } from './conversation-indexer.ts'
import { toIndexedSession } from './indexed-session.ts'
import { ConversationIndexTables } from './conversation-index-tables.ts'
import { defaultProfileName } from '../../../profiles/profile-name.ts'
import { allocateChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import type { ConversationChange } from '../../conversation-reader.ts'
import { type SessionRow, sessionFromRow } from '../rows/session-row.ts'

export interface MaintenanceResult {
  /** No sessions are left to be looked at. */
  readonly isComplete: boolean
  readonly changes: readonly ConversationChange[]
}

/**
 * Brings the index of conversations up to the table of sessions. Triggers note which sessions were written to, so that
 * no writer has to think of it.
 *
 * A conversation is elsewhere here when its first session names a parent that is not kept here: whether that one is
 * Hermes' only Hermes' index can tell, and lists it.
 */
export class ConversationIndexMaintainer {
  readonly #db: SqlConnection
  readonly #tables: ConversationIndexTables
  readonly #indexer: ConversationIndexer

  constructor(db: SqlConnection) {
    this.#db = db
    this.#tables = new ConversationIndexTables(db)
    this.#indexer = new ConversationIndexer(
      db,
      (root) => root.continues !== null && !this.#tables.findSession(root.continues),
    )
  }

  /** Something was written that it has not looked at. */
  get hasPendingWork(): boolean {
    const row = this.#db
      .prepare<[], { behind: number }>(
        `SELECT EXISTS (SELECT 1 FROM pending_sessions WHERE id >= '') OR EXISTS (SELECT 1 FROM pending_children WHERE parent_id >= '') OR
           EXISTS (SELECT 1 FROM pending_rechecks WHERE id >= '') AS behind`,
      )
      .get()
    return row?.behind === 1
  }

  /**
   * Looks at up to about `most` sessions that were written to. `shownAnew`: others of which something is shown that is
   * not in the index. To be called inside of a transaction.
   */
  processPending(maxSessions: number, visiblyChangedIds: readonly string[]): MaintenanceResult {
    if (!this.hasPendingWork) {
      const changed = diffConversations(this.#tables, { sessionIds: visiblyChangedIds }, listingOfEitherSource)
      return { isComplete: true, changes: changed }
    }
    const ids = this.#listPendingSessionIds(maxSessions)
    const list = JSON.stringify(ids)
    const rows = this.#db
      .prepare<[string], SessionRow & { message_count: number }>(
        'SELECT sessions.* FROM json_each(?) CROSS JOIN sessions ON sessions.id = json_each.value',
      )
      .all(list)
    // The index holds the ids of Hermes' sessions as they are stored: without a namespace.
    const put = rows.map((row) => toIndexedSession(sessionFromRow(row, defaultProfileName), row.message_count > 0))
    const existingIds = new Set(put.map(({ id }) => id))
    const applied = this.#indexer.apply(
      { upserted: put, deleted: ids.filter((id) => !existingIds.has(id)) },
      maxSessions,
    )
    this.#db.prepare<[string]>('DELETE FROM pending_sessions WHERE id IN (SELECT value FROM json_each(?))').run(list)
    this.#recordCrossOriginChanges(applied)
    const changeSet = { conversations: applied.conversations, sessionIds: [...ids, ...visiblyChangedIds] }
    return {
      isComplete: applied.isComplete && ids.length < maxSessions,
      changes: diffConversations(this.#tables, changeSet, listingOfEitherSource),
    }
  }

  #listPendingSessionIds(limit: number): string[] {
    return this.#db
      .prepare<[number], { id: string }>("SELECT id FROM pending_sessions WHERE id >= '' ORDER BY id LIMIT ?")
      .all(limit)
      .map(({ id }) => id)
  }

  /** Numbers what has changed in conversations that go on into Hermes', or did. */
  #recordCrossOriginChanges({ changedSessionIds, conversations }: IndexUpdateResult): void {
    const affectsCrossOrigin = [...conversations.values()].some(
      ({ before, after }) => isCrossOrigin(before ?? 0) || isCrossOrigin(after ?? 0),
    )
    if (!affectsCrossOrigin) return
    const changed = new Set(changedSessionIds)
    for (const [rootId, { before, after }] of conversations) {
      if (isCrossOrigin(before ?? 0) === isCrossOrigin(after ?? 0)) continue
      for (const id of this.#listSessionIds(rootId)) changed.add(id)
    }
    for (const id of changed) if (this.#isCrossOrigin(id) || this.#wasCrossOrigin(id)) this.#recordChange(id)
  }

  #isCrossOrigin(id: string): boolean {
    const segment = this.#tables.findSession(id)
    return segment !== null && isCrossOrigin(this.#tables.findConversation(segment.root_id)?.flags ?? 0)
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
