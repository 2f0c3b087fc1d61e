import { isElsewhere } from './list-flags.ts'
import { changedConversations, listedHereOrElsewhere } from './conversation-changes.ts'
import { type Applied, SegmentIndex } from './conversation-indexer.ts'
import { segmentOf } from './indexed-session.ts'
import { SegmentRows } from './conversation-index-tables.ts'
import type { ChangedConversation } from '../../session-reader.ts'
import type { Prepares } from '../database/statement-cache.ts'
import { type SessionRow, toSession } from '../rows/row-mappers.ts'

export interface CaughtUp {
  /** No sessions are left to be looked at. */
  readonly isDone: boolean
  readonly changed: readonly ChangedConversation[]
}

/**
 * Brings the index of conversations up to the table of sessions. Triggers note which sessions were written to, so that
 * no writer has to think of it.
 *
 * A conversation is elsewhere here when its first session names a parent that is not kept here: whether that one is
 * Hermes' only Hermes' index can tell, and lists it.
 */
export class IndexUpkeep {
  readonly #db: Prepares
  readonly #rows: SegmentRows
  readonly #index: SegmentIndex

  constructor(db: Prepares) {
    this.#db = db
    this.#rows = new SegmentRows(db)
    this.#index = new SegmentIndex(db, (root) => root.continues !== null && !this.#rows.segment(root.continues))
  }

  /** Something was written that it has not looked at. */
  get isBehind(): boolean {
    const row = this.#db
      .prepare<[], { behind: number }>(
        `SELECT EXISTS (SELECT 1 FROM touched WHERE id >= '') OR EXISTS (SELECT 1 FROM unplaced WHERE parent_id >= '') OR
           EXISTS (SELECT 1 FROM doubtful WHERE id >= '') AS behind`,
      )
      .get()
    return row?.behind === 1
  }

  /**
   * Looks at up to about `most` sessions that were written to. `shownAnew`: others of which something is shown that is
   * not in the index. To be called inside of a transaction.
   */
  catchUp(most: number, shownAnew: readonly string[]): CaughtUp {
    if (!this.isBehind) {
      const changed = changedConversations(this.#rows, { sessionIds: shownAnew }, listedHereOrElsewhere)
      return { isDone: true, changed }
    }
    const ids = this.#touched(most)
    const list = JSON.stringify(ids)
    const rows = this.#db
      .prepare<[string], SessionRow & { message_count: number }>(
        'SELECT sessions.* FROM json_each(?) CROSS JOIN sessions ON sessions.id = json_each.value',
      )
      .all(list)
    const put = rows.map((row) => segmentOf(toSession(row, ''), row.message_count > 0))
    const there = new Set(put.map(({ id }) => id))
    const applied = this.#index.apply({ put, removed: ids.filter((id) => !there.has(id)) }, most)
    this.#db.prepare<[string]>('DELETE FROM touched WHERE id IN (SELECT value FROM json_each(?))').run(list)
    this.#tellAbroad(applied)
    const told = { conversations: applied.conversations, sessionIds: [...ids, ...shownAnew] }
    return {
      isDone: applied.settled && ids.length < most,
      changed: changedConversations(this.#rows, told, listedHereOrElsewhere),
    }
  }

  #touched(most: number): string[] {
    return this.#db
      .prepare<[number], { id: string }>("SELECT id FROM touched WHERE id >= '' ORDER BY id LIMIT ?")
      .all(most)
      .map(({ id }) => id)
  }

  /** Numbers what has changed in conversations that go on into Hermes', or did. */
  #tellAbroad({ segments, conversations }: Applied): void {
    const isConcerned = [...conversations.values()].some(
      ({ before, after }) => isElsewhere(before ?? 0) || isElsewhere(after ?? 0),
    )
    if (!isConcerned) return
    const changed = new Set(segments)
    for (const [rootId, { before, after }] of conversations) {
      if (isElsewhere(before ?? 0) === isElsewhere(after ?? 0)) continue
      for (const id of this.#sessionsOf(rootId)) changed.add(id)
    }
    for (const id of changed) if (this.#isAbroad(id) || this.#wasAbroad(id)) this.#number(id)
  }

  #isAbroad(id: string): boolean {
    const segment = this.#rows.segment(id)
    return segment !== null && isElsewhere(this.#rows.conversation(segment.root_id)?.facet ?? 0)
  }

  #wasAbroad(id: string): boolean {
    return this.#db.prepare<[string], { id: string }>('SELECT id FROM abroad WHERE id = ?').get(id) !== undefined
  }

  #number(id: string): void {
    this.#db
      .prepare<[string]>(
        `INSERT INTO abroad (id, change) VALUES (?, (SELECT coalesce(max(change), 0) + 1 FROM abroad))
         ON CONFLICT (id) DO UPDATE SET change = excluded.change`,
      )
      .run(id)
  }

  #sessionsOf(rootId: string): string[] {
    const others = this.#db
      .prepare<[string], { id: string }>('SELECT id FROM segments WHERE root_id = ? AND root_id <> id')
      .all(rootId)
    return [rootId, ...others.map(({ id }) => id)]
  }
}
