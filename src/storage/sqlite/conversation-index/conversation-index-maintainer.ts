import { isCrossOriginConversation } from '../../conversation-index/conversation-index-flags.ts'
import { findConversationListChanges, segueListingRule } from '../../conversation-index/conversation-changes.ts'
import {
  ConversationIndexer,
  type ConversationIndexUpdateResult,
} from '../../conversation-index/conversation-indexer.ts'
import { ConversationSettingsTable } from '../conversation-settings/conversation-settings-table.ts'
import { type IndexedSessionRow, indexedSessionFromRow } from '../../conversation-index/indexed-session-row.ts'
import { ConversationIndexStore } from './conversation-index-store.ts'
import { parseIdKind } from '../../../lib/ids.ts'
import { allocateChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import type { ConversationChange } from '../../sessions/conversation-reader.ts'

const selectPendingSessionsSql = `SELECT sessions.*,
    EXISTS (
      SELECT 1 FROM streams WHERE session_id = sessions.id AND status IN ('RUNNING', 'WAITING')
    ) AS is_running,
    (SELECT min(kind) FROM decisions WHERE session_id = sessions.id AND state = 'PENDING') AS decision_kind
  FROM json_each(?) CROSS JOIN sessions ON sessions.id = json_each.value`

interface ConversationIndexMaintenanceResult {
  /** No session is pending any more. */
  readonly isComplete: boolean
  readonly changes: readonly ConversationChange[]
  /** The feed of cross-origin changes has grown. */
  readonly hasCrossOriginChanges: boolean
}

export const noIndexChanges: ConversationIndexMaintenanceResult = {
  isComplete: true,
  changes: [],
  hasCrossOriginChanges: false,
}

/**
 * Keeps Segue's index of conversations in step with its table of sessions. Triggers record which sessions were written to, so
 * that no writer needs to know of the index.
 *
 * In this index, a conversation crosses the origins if its root continues a session that Segue does not store, or takes the
 * place of one. Only Hermes' index can tell whether Hermes does, so that index lists the conversation.
 */
export class ConversationIndexMaintainer {
  readonly #db: SqlConnection
  readonly #tables: ConversationIndexStore
  readonly #settings: ConversationSettingsTable
  readonly #indexer: ConversationIndexer

  constructor(db: SqlConnection) {
    this.#db = db
    this.#tables = new ConversationIndexStore(db)
    this.#settings = new ConversationSettingsTable(db)
    this.#indexer = new ConversationIndexer(this.#tables, this.#settings, {
      detectCrossOrigin: ({ continues, takes_place_of }) =>
        [takes_place_of, continues].some((id) => id !== null && !this.#tables.findSession(id)),
      canInheritSettings: () => true,
      loadReadMarksStart: () => this.#loadReadMarksStart(),
    })
  }

  /** Whether sessions have changed that the index does not reflect. */
  get hasPendingWork(): boolean {
    const row = this.#db
      .prepare<[], { isPending: number }>(
        `SELECT EXISTS (SELECT 1 FROM pending_sessions WHERE id >= '') OR EXISTS (SELECT 1 FROM pending_children WHERE parent_id >= '') OR
           EXISTS (SELECT 1 FROM pending_rechecks WHERE id >= '') OR
           EXISTS (SELECT 1 FROM pending_settings WHERE session_id >= '') AS isPending`,
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
    const rows = this.#db.prepare<[string], IndexedSessionRow>(selectPendingSessionsSql).all(list)
    const upserted = rows.map(indexedSessionFromRow)
    const existingIds = new Set(upserted.map(({ id }) => id))
    const deleted = ids.filter((id) => !existingIds.has(id))
    const changedSettings = this.#listPendingSettings(maxSessions)
    const result = this.#indexer.apply({ upserted, deleted, changedSettings }, maxSessions)
    this.#db.prepare<[string]>('DELETE FROM pending_sessions WHERE id IN (SELECT value FROM json_each(?))').run(list)
    const settingsIds = new Set([...changedSettings, ...result.inheritedSettings.map((row) => row.session_id)])
    this.#dequeueSettings([...settingsIds])
    this.#deleteUnusedSettings(deleted, result)
    const hasCrossOriginChanges = this.#recordCrossOriginChanges(result, settingsIds)
    const changeSet = { conversations: result.conversations, sessionIds: [...ids, ...visiblyChangedIds] }
    return {
      isComplete: result.isComplete && ids.length < maxSessions && changedSettings.length < maxSessions,
      changes: findConversationListChanges(this.#tables, changeSet, segueListingRule),
      hasCrossOriginChanges,
    }
  }

  #loadReadMarksStart(): number {
    // The condition makes it a search, not a scan.
    const row = this.#db.prepare<[], { at: number }>('SELECT at FROM read_marks_start WHERE rowid = 1').get()
    return row?.at ?? 0
  }

  #listPendingSessionIds(limit: number): string[] {
    return this.#db
      .prepare<[number], { id: string }>("SELECT id FROM pending_sessions WHERE id >= '' ORDER BY id LIMIT ?")
      .all(limit)
      .map(({ id }) => id)
  }

  #listPendingSettings(limit: number): string[] {
    return this.#db
      .prepare<[number], { session_id: string }>(
        "SELECT session_id FROM pending_settings WHERE session_id >= '' ORDER BY session_id LIMIT ?",
      )
      .all(limit)
      .map(({ session_id }) => session_id)
  }

  #dequeueSettings(sessionIds: readonly string[]): void {
    if (sessionIds.length === 0) return
    this.#db
      .prepare<[string]>('DELETE FROM pending_settings WHERE session_id IN (SELECT value FROM json_each(?))')
      .run(JSON.stringify(sessionIds))
  }

  /** Deletes the settings of deleted sessions. Those of a root are needed until the last session has left it. */
  #deleteUnusedSettings(deletedIds: readonly string[], { conversations }: ConversationIndexUpdateResult): void {
    const formerRootIds = [...conversations].flatMap(([rootId, { after }]) => (after === null ? rootId : []))
    for (const id of new Set([...deletedIds, ...formerRootIds])) {
      if (!this.#tables.findSession(id) && !this.#tables.findConversation(id)) this.#settings.delete(id)
    }
  }

  /**
   * Adds to the feed the changed sessions of conversations that cross the origins, or did, and the sessions of Hermes whose
   * settings have changed. Returns whether there are any.
   */
  #recordCrossOriginChanges(
    { changedSessionIds, conversations }: ConversationIndexUpdateResult,
    settingsIds: ReadonlySet<string>,
  ): boolean {
    const hermesIds = [...settingsIds].filter((id) => parseIdKind(id) !== 'session')
    for (const id of hermesIds) this.#recordChange(id)
    const affectsCrossOrigin = [...conversations.values()].some(
      ({ before, after }) => isCrossOriginConversation(before ?? 0) || isCrossOriginConversation(after ?? 0),
    )
    if (!affectsCrossOrigin) return hermesIds.length > 0
    const candidateIds = new Set([...changedSessionIds, ...settingsIds].filter((id) => !hermesIds.includes(id)))
    for (const [rootId, { before, after }] of conversations) {
      if (isCrossOriginConversation(before ?? 0) === isCrossOriginConversation(after ?? 0)) continue
      for (const id of this.#tables.listSessionIds(rootId)) candidateIds.add(id)
    }
    const changedIds = [...candidateIds].filter((id) => this.#isCrossOrigin(id) || this.#wasCrossOrigin(id))
    for (const id of changedIds) this.#recordChange(id)
    return hermesIds.length > 0 || changedIds.length > 0
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
}
