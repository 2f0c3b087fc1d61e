import { walkAncestors, maxChainLength } from '../../../model/lineage.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { toConversationFlags, type ListFlags, isCrossOrigin } from './list-flags.ts'
import { isNewerTip, type IndexedSessionRow, type IndexedSession } from './indexed-session.ts'
import { type ConversationSummaryRow, ConversationIndexTables } from './conversation-index-tables.ts'

export interface IndexUpdate {
  /** Sessions that are new or say something else than before. */
  readonly upserted?: readonly IndexedSession[]
  /** Ids of sessions that are gone. */
  readonly deleted?: readonly string[]
}

export interface IndexUpdateResult {
  /** Ids of all whose row or place has changed. */
  readonly changedSessionIds: ReadonlySet<string>
  /** By root: the flagValues of conversations before and after, null for none. */
  readonly conversations: ReadonlyMap<string, { readonly before: ListFlags | null; readonly after: ListFlags | null }>
  /** False when sessions are left that have to be placed anew: the next call goes on with them. */
  readonly isComplete: boolean
}

/** What one call has found so far. */
interface UpdateState {
  readonly changedSessionIds: Set<string>
  /** Conversations to be looked at, and how many sessions each has won. */
  readonly countDeltas: Map<string, number>
}

interface TreePosition {
  readonly root_id: string
  readonly depth: number | null
}

const childBatchSize = 500

/**
 * Keeps the index of conversations, by the rule of `continuation.ts`. What a change costs goes with the number of
 * sessions that get another place by it, not with the size of their conversation, nor with that of the index.
 */
export class ConversationIndexer {
  readonly #tables: ConversationIndexTables
  readonly #detectCrossOrigin: (root: IndexedSessionRow, tip: IndexedSessionRow) => boolean

  /** `elsewhere` tells what that bit of a conversation's flags says. */
  constructor(db: SqlConnection, detectCrossOrigin: (root: IndexedSessionRow, tip: IndexedSessionRow) => boolean) {
    this.#tables = new ConversationIndexTables(db)
    this.#detectCrossOrigin = detectCrossOrigin
  }

  /**
   * Takes in what has changed, and places up to about `most` sessions anew that continue what has changed. To be called
   * inside of a transaction.
   */
  apply({ upserted = [], deleted = [] }: IndexUpdate, maxSessions = Infinity): IndexUpdateResult {
    const state: UpdateState = { changedSessionIds: new Set(), countDeltas: new Map() }
    for (const id of deleted) this.#delete(id, state)
    for (const segment of upserted) this.#upsert(segment, state)
    const settled = this.#processPending(maxSessions, state)
    const conversations = new Map<string, { before: ListFlags | null; after: ListFlags | null }>()
    for (const [rootId, countDelta] of state.countDeltas)
      conversations.set(rootId, this.#refreshConversation(rootId, countDelta))
    return { changedSessionIds: state.changedSessionIds, conversations, isComplete: settled }
  }

  #upsert(segment: IndexedSession, state: UpdateState): void {
    const old = this.#tables.findSession(segment.id)
    if (old && areSessionsEqual(old, segment)) return
    state.changedSessionIds.add(segment.id)
    // Before it is placed, for that to know of them: children first.
    if (old) {
      this.#tables.updateSession(segment)
      markForRefresh(state, old.root_id)
      if (old.can_be_continued !== segment.can_be_continued) this.#enqueueChildren(segment.id, true)
      if (old.continues !== segment.continues) this.#reposition(segment.id, true, state)
    } else if (this.#tables.hasChildren(segment.id)) {
      this.#tables.insertSession({ ...segment, root_id: segment.id, depth: 0 })
      addToCount(state, segment.id, 1)
      this.#enqueueChildren(segment.id, true)
      this.#reposition(segment.id, true, state)
    } else {
      const place = this.#computePosition(segment, false)
      this.#tables.insertSession({ ...segment, ...place })
      addToCount(state, place.root_id, 1)
    }
  }

  #delete(id: string, state: UpdateState): void {
    const old = this.#tables.findSession(id)
    if (!old) return
    state.changedSessionIds.add(id)
    this.#tables.deleteSession(id)
    addToCount(state, old.root_id, -1)
    this.#enqueueChildren(id, true)
  }

  #enqueueChildren(id: string, isRelinked: boolean): void {
    if (!this.#tables.hasChildren(id)) return
    this.#tables.enqueueChildren({ parent_id: id, after_id: '', relinked: isRelinked ? 1 : 0 })
  }

  #processPending(maxSessions: number, state: UpdateState): boolean {
    for (let left = maxSessions; ; left -= this.#processBatch(Math.min(left, childBatchSize), state)) {
      if (this.#tables.isComplete) return true
      if (left <= 0) return false
    }
  }

  /** How many it has placed, and at least 1. */
  #processBatch(maxSessions: number, state: UpdateState): number {
    const next = this.#tables.findPendingChildren()
    if (!next) return this.#processRecheck(state)
    const children = this.#tables.listChildIds(next.parent_id, next.after_id, maxSessions)
    const last = children.at(-1)
    // Before they are placed: that can bring the same parent here again.
    if (last === undefined || children.length < maxSessions) this.#tables.dequeueChildren(next.parent_id)
    else this.#tables.enqueueChildren({ ...next, after_id: last })
    for (const id of children) this.#reposition(id, next.relinked === 1, state)
    return Math.max(children.length, 1)
  }

  #processRecheck(state: UpdateState): number {
    const id = this.#tables.findPendingRecheck()
    if (id !== null) {
      this.#tables.dequeueRecheck(id)
      this.#reposition(id, true, state)
    }
    return 1
  }

  /** `relinked`: what it continues may be another one than before, rather than the same in another place. */
  #reposition(id: string, isRelinked: boolean, state: UpdateState): void {
    const segment = this.#tables.findSession(id)
    if (!segment) return
    markForRefresh(state, segment.root_id)
    const { root_id, depth } = this.#computePosition(segment, isRelinked)
    if (root_id === segment.root_id && depth === segment.depth) return
    this.#tables.updatePosition(id, root_id, depth)
    state.changedSessionIds.add(id)
    if (root_id !== segment.root_id) {
      addToCount(state, segment.root_id, -1)
      addToCount(state, root_id, 1)
    }
    this.#enqueueChildren(id, false)
  }

  #computePosition(segment: IndexedSession, isRelinked: boolean): TreePosition {
    const parent = segment.continues === null ? null : this.#tables.findSession(segment.continues)
    if (!parent || !isContinuation(segment, parent)) return { root_id: segment.id, depth: 0 }
    // A new link of a session that is continued itself can close a cycle: its parent's place may hang on its own.
    const canTrustParent = !isRelinked || !this.#tables.hasChildren(segment.id)
    if (canTrustParent && parent.depth !== null && parent.depth < maxChainLength) {
      return { root_id: parent.root_id, depth: parent.depth + 1 }
    }
    if (this.#tables.findPendingChildren()) this.#tables.enqueueRecheck(segment.id)
    const { root, segmentCount } = this.#walkToRoot(segment)
    const reachesRoot = this.#isRoot(root)
    return { root_id: root.id, depth: reachesRoot ? segmentCount - 1 : null }
  }

  #walkToRoot(segment: IndexedSession) {
    const steps = walkAncestors<IndexedSession>(segment, ({ continues }) => continues, isContinuation)
    let step = steps.next()
    while (!step.done) step = steps.next(this.#tables.findSession(step.value))
    return step.value
  }

  /** It continues nothing: what a climb ends with otherwise is a cycle, or was cut off. */
  #isRoot(root: IndexedSession): boolean {
    const parent = root.continues === null ? null : this.#tables.findSession(root.continues)
    return !parent || !isContinuation(root, parent)
  }

  /** Brings the row of a conversation up to its sessions. */
  #refreshConversation(rootId: string, countDelta: number): { before: ListFlags | null; after: ListFlags | null } {
    const old = this.#tables.findConversation(rootId)
    const before = old?.flags ?? null
    const row = this.#buildConversationRow(rootId, (old?.segment_count ?? 0) + countDelta)
    if (!row) this.#tables.deleteConversation(rootId)
    else if (!old || !areConversationsEqual(old, row)) this.#tables.upsertConversation(row)
    return { before, after: row?.flags ?? null }
  }

  #buildConversationRow(rootId: string, segmentCount: number): ConversationSummaryRow | null {
    if (segmentCount <= 0) return null
    const root = this.#tables.findSession(rootId)
    // A root can be gone, or a part of another conversation: as long as not all that has changed is placed, and where a
    // chain was cut off.
    const first = root?.root_id === rootId ? root : null
    const newest = first && segmentCount === 1 ? null : this.#tables.findNewestSession(rootId)
    const tip = newest && (!first || isNewerTip(newest, first)) ? newest : first
    if (!tip) return null
    return {
      root_id: rootId,
      tip_id: tip.id,
      segment_count: segmentCount,
      last_activity_at: tip.activity_at,
      flags: toConversationFlags((first ?? tip).flags, tip.flags, {
        elsewhere: this.#detectCrossOrigin(first ?? tip, tip),
        empty: tip.message_at === null,
      }),
    }
  }
}

function isContinuation(child: IndexedSession, parent: IndexedSession): boolean {
  return parent.can_be_continued === 1 && (isCrossOrigin(child.flags) || !isCrossOrigin(parent.flags))
}

function addToCount(state: UpdateState, rootId: string, count: number): void {
  state.countDeltas.set(rootId, (state.countDeltas.get(rootId) ?? 0) + count)
}

function markForRefresh(state: UpdateState, rootId: string): void {
  addToCount(state, rootId, 0)
}

function areSessionsEqual(a: IndexedSession, b: IndexedSession): boolean {
  return (
    a.continues === b.continues &&
    a.can_be_continued === b.can_be_continued &&
    a.started_at === b.started_at &&
    a.message_at === b.message_at &&
    a.activity_at === b.activity_at &&
    a.flags === b.flags
  )
}

function areConversationsEqual(a: ConversationSummaryRow, b: ConversationSummaryRow): boolean {
  return (
    a.tip_id === b.tip_id &&
    a.segment_count === b.segment_count &&
    a.last_activity_at === b.last_activity_at &&
    a.flags === b.flags
  )
}
