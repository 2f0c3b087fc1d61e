import { compareUtf8 } from '../../../lib/text/compare-utf8.ts'
import {
  type ConversationIndexFlags,
  conversationFlagsMask,
} from '../../conversation-index/conversation-index-flags.ts'
import { type ConversationIndexRow, isNewerTip } from '../../conversation-index/conversation-index-row.ts'
import type {
  ChildReindexQueueRow,
  ConversationIndexTables,
  ConversationSummaryRow,
} from '../../conversation-index/conversation-index-tables.ts'
import type { ConversationIndexEntry } from '../../sessions/cross-origin-continuation-feed.ts'
import { IdGroups } from './id-groups.ts'

/**
 * Rows of the conversation index in memory: those of some sessions, and of all sessions that are connected to them. The
 * indexer works on them; `changedSessionIds` and `changedRootIds` tell what to store then.
 */
export class LoadedConversationIndex implements ConversationIndexTables {
  readonly changedSessionIds = new Set<string>()
  readonly changedRootIds = new Set<string>()
  readonly #sessions = new Map<string, ConversationIndexRow>()
  readonly #conversations: Map<string, ConversationSummaryRow>
  readonly #byRoot = new IdGroups()
  readonly #byParent = new IdGroups()
  readonly #byPlace = new IdGroups()
  readonly #pendingChildren = new Map<string, ChildReindexQueueRow>()
  readonly #pendingRechecks = new Set<string>()

  constructor(sessions: readonly ConversationIndexRow[], conversations: readonly ConversationSummaryRow[]) {
    for (const session of sessions) this.#add(session)
    this.#conversations = new Map(conversations.map((conversation) => [conversation.root_id, conversation]))
  }

  findSession(id: string): ConversationIndexRow | null {
    return this.#sessions.get(id) ?? null
  }

  insertSession(session: ConversationIndexRow): void {
    this.#replace(session)
  }

  updateSession(session: ConversationIndexEntry): void {
    this.#update(session.id, (old) => ({
      ...session,
      flags: (session.flags & ~conversationFlagsMask) | (old.flags & conversationFlagsMask),
    }))
  }

  updatePosition(id: string, rootId: string, depth: number | null): void {
    this.#update(id, () => ({ root_id: rootId, depth }))
  }

  deleteSession(id: string): void {
    this.#remove(id)
    this.changedSessionIds.add(id)
  }

  listSessionIds(rootId: string): string[] {
    return [...this.#byRoot.get(rootId)]
  }

  updateConversationFlags(ids: readonly string[], flags: ConversationIndexFlags): void {
    for (const id of ids) this.#update(id, (old) => ({ flags: (old.flags & ~conversationFlagsMask) | flags }))
  }

  listChildIds(aboveId: string, afterId: string, limit: number): string[] {
    return [...new Set([...this.#byParent.get(aboveId), ...this.#byPlace.get(aboveId)])]
      .filter((id) => compareUtf8(id, afterId) > 0)
      .toSorted(compareUtf8)
      .slice(0, limit)
  }

  hasChildren(aboveId: string): boolean {
    return this.#byParent.get(aboveId).size > 0 || this.#byPlace.get(aboveId).size > 0
  }

  findOldestRetry(placeId: string): ConversationIndexRow | null {
    return this.#findFirst(this.#byPlace.get(placeId), (a, b) => a.started_at - b.started_at || compareUtf8(a.id, b.id))
  }

  findNewestSession(rootId: string): ConversationIndexRow | null {
    return this.#findFirst(this.#listOthers(rootId), (a, b) => (isNewerTip(a, b) ? -1 : 1))
  }

  findSessionThatWantsAttention(rootId: string): ConversationIndexRow | null {
    const mostUrgent = this.#findFirst(
      this.#byRoot.get(rootId),
      (a, b) => b.live_attention - a.live_attention || compareUtf8(b.id, a.id),
    )
    return mostUrgent && mostUrgent.live_attention > 0 ? mostUrgent : null
  }

  findNewestAnsweredSession(rootId: string): ConversationIndexRow | null {
    const newest = this.#findFirst(
      this.#listOthers(rootId),
      (a, b) => (b.answered_at ?? -1) - (a.answered_at ?? -1) || compareUtf8(b.id, a.id),
    )
    return newest?.answered_at === null ? null : newest
  }

  findConversation(rootId: string): ConversationSummaryRow | null {
    return this.#conversations.get(rootId) ?? null
  }

  upsertConversation(row: ConversationSummaryRow): void {
    this.#conversations.set(row.root_id, row)
    this.changedRootIds.add(row.root_id)
  }

  deleteConversation(rootId: string): void {
    if (this.#conversations.delete(rootId)) this.changedRootIds.add(rootId)
  }

  enqueueChildren(row: ChildReindexQueueRow): void {
    const relinked = Math.max(row.relinked, this.#pendingChildren.get(row.parent_id)?.relinked ?? 0)
    this.#pendingChildren.set(row.parent_id, { ...row, relinked })
  }

  findPendingChildren(): ChildReindexQueueRow | null {
    const [first] = this.#pendingChildren.values()
    return first ?? null
  }

  dequeueChildren(parentId: string): void {
    this.#pendingChildren.delete(parentId)
  }

  enqueueRecheck(id: string): void {
    this.#pendingRechecks.add(id)
  }

  findPendingRecheck(): string | null {
    const [first] = this.#pendingRechecks
    return first ?? null
  }

  dequeueRecheck(id: string): void {
    this.#pendingRechecks.delete(id)
  }

  get isComplete(): boolean {
    return this.#pendingChildren.size === 0 && this.#pendingRechecks.size === 0
  }

  #listOthers(rootId: string): string[] {
    return [...this.#byRoot.get(rootId)].filter((id) => id !== rootId)
  }

  #findFirst(
    ids: Iterable<string>,
    compare: (a: ConversationIndexRow, b: ConversationIndexRow) => number,
  ): ConversationIndexRow | null {
    let first: ConversationIndexRow | null = null
    for (const id of ids) {
      const session = this.findSession(id)
      if (session && (!first || compare(session, first) < 0)) first = session
    }
    return first
  }

  #update(id: string, change: (old: ConversationIndexRow) => Partial<ConversationIndexRow>): void {
    const old = this.findSession(id)
    if (old) this.#replace({ ...old, ...change(old) })
  }

  #replace(session: ConversationIndexRow): void {
    this.#remove(session.id)
    this.#add(session)
    this.changedSessionIds.add(session.id)
  }

  #add(session: ConversationIndexRow): void {
    this.#sessions.set(session.id, session)
    this.#byRoot.add(session.root_id, session.id)
    this.#byParent.add(session.continues, session.id)
    this.#byPlace.add(session.takes_place_of, session.id)
  }

  #remove(id: string): void {
    const session = this.findSession(id)
    if (!session) return
    this.#sessions.delete(id)
    this.#byRoot.delete(session.root_id, id)
    this.#byParent.delete(session.continues, id)
    this.#byPlace.delete(session.takes_place_of, id)
  }
}
