import { maxChainLength } from '../../model/conversation/lineage.ts'
import { ConversationIndexLineage } from './conversation-index-lineage.ts'
import type {
  ConversationIndexTables,
  ConversationSettingsRows,
  ConversationSummaryRow,
} from './conversation-index-tables.ts'
import type { ConversationIndexEntry } from '../sessions/cross-origin-continuation-feed.ts'
import { ConversationIndexUpdateState } from './conversation-index-update-state.ts'
import { areConversationIndexEntriesEqual, type ConversationIndexRow, isNewerTip } from './conversation-index-row.ts'
import {
  type ConversationIndexFlags,
  conversationFlagsMask,
  isHermesSession,
  isSegueSession,
  resolveSettingFlags,
  toConversationFlags,
} from './conversation-index-flags.ts'
import { findConversationAttention } from './find-conversation-attention.ts'
import type { ConversationSettingsRow } from '../sessions/conversation-settings.ts'
import { ConversationSettingsInheritance, type SettingsInheritanceRule } from './conversation-settings-inheritance.ts'

export interface ConversationIndexUpdate {
  /** Sessions that are new or have changed. */
  readonly upserted?: readonly ConversationIndexEntry[]
  /** Ids of sessions that no longer exist. */
  readonly deleted?: readonly string[]
  /** Ids of sessions whose settings have changed. */
  readonly changedSettings?: readonly string[]
}

/** The flags of a conversation before and after an update; null if it does not exist. */
export interface ConversationIndexFlagsChange {
  readonly before: ConversationIndexFlags | null
  readonly after: ConversationIndexFlags | null
  /** The sessions that it has lost. */
  readonly leftIds?: ReadonlySet<string>
}

export interface ConversationIndexUpdateResult {
  /** Ids of the sessions whose row or position has changed. */
  readonly changedSessionIds: ReadonlySet<string>
  /** The conversations that have changed, by root. */
  readonly conversations: ReadonlyMap<string, ConversationIndexFlagsChange>
  /** Settings that sessions have taken over from their conversations. */
  readonly inheritedSettings: readonly ConversationSettingsRow[]
  /** False if sessions are left whose position must be computed again: the next call continues with them. */
  readonly isComplete: boolean
}

/** What differs between the index of Segue and that of Hermes. */
export interface ConversationIndexerOptions {
  readonly canInheritSettings: SettingsInheritanceRule
  /** The rule for conversations that both sources store. */
  readonly detectCrossOrigin: (root: ConversationIndexRow, tip: ConversationIndexRow) => boolean
  /** What is not newer than this counts as read in a conversation without a read mark, by its root, in epoch milliseconds. */
  readonly loadReadMarksStart: (rootFlags: number) => number
}

interface TreePosition {
  readonly root_id: string
  readonly depth: number | null
}

const childBatchSize = 500

/**
 * Maintains the index of conversations by the rule in `model/lineage.ts`. The cost of an update depends on the number of
 * sessions whose position it changes, not on the size of their conversations or of the index.
 */
export class ConversationIndexer {
  readonly #tables: ConversationIndexTables
  readonly #lineage: ConversationIndexLineage
  readonly #settings: ConversationSettingsInheritance
  readonly #detectCrossOrigin: ConversationIndexerOptions['detectCrossOrigin']
  readonly #loadReadMarksStart: ConversationIndexerOptions['loadReadMarksStart']

  constructor(
    tables: ConversationIndexTables,
    settings: ConversationSettingsRows,
    options: ConversationIndexerOptions,
  ) {
    this.#tables = tables
    this.#lineage = new ConversationIndexLineage(tables)
    this.#settings = new ConversationSettingsInheritance(tables, settings, options.canInheritSettings)
    this.#detectCrossOrigin = options.detectCrossOrigin
    this.#loadReadMarksStart = options.loadReadMarksStart
  }

  /**
   * Applies an update, then computes the position of up to about `maxSessions` sessions that continue what has changed.
   * Call it in a transaction.
   */
  apply(
    { upserted = [], deleted = [], changedSettings = [] }: ConversationIndexUpdate,
    maxSessions = Infinity,
  ): ConversationIndexUpdateResult {
    const state = new ConversationIndexUpdateState()
    for (const id of deleted) this.#delete(id, state)
    for (const session of upserted) this.#upsert(session, state)
    for (const id of changedSettings) this.#markChangedSettings(id, state)
    const isComplete = this.#processPending(maxSessions, state)
    const conversations = new Map<string, ConversationIndexFlagsChange>()
    for (const [rootId, countDelta] of state.countDeltas) {
      conversations.set(rootId, this.#refreshConversation(rootId, countDelta, state))
    }
    const { changedSessionIds, inheritedSettings } = state
    return { changedSessionIds, conversations, inheritedSettings, isComplete }
  }

  #upsert(session: ConversationIndexEntry, state: ConversationIndexUpdateState): void {
    const old = this.#tables.findSession(session.id)
    if (old && areConversationIndexEntriesEqual(old, session)) return
    state.changedSessionIds.add(session.id)
    // What depends on it is queued before its position is computed, because computing it looks at the queue.
    if (old) {
      const isPlaceChanged = old.takes_place_of !== session.takes_place_of || old.started_at !== session.started_at
      if (isPlaceChanged) this.#enqueueOtherRetries(old)
      this.#tables.updateSession(session)
      if (isPlaceChanged) this.#enqueueOtherRetries(session)
      state.markForRefresh(old.root_id)
      // An empty session may not have inherited yet.
      if (old.message_at === null && session.message_at !== null) state.markJoined(old.root_id, session.id)
      if (old.can_be_continued !== session.can_be_continued) this.#enqueueChildren(session.id, true)
      if (old.continues !== session.continues || old.takes_place_of !== session.takes_place_of)
        this.#reposition(session.id, true, state)
    } else if (session.takes_place_of !== null || this.#tables.hasChildren(session.id)) {
      this.#tables.insertSession({ ...session, root_id: session.id, depth: 0 })
      state.addSession(session.id, session.id)
      this.#enqueueChildren(session.id, true)
      this.#enqueueOtherRetries(session)
      this.#reposition(session.id, true, state)
    } else {
      const position = this.#computePosition(session, false)
      this.#tables.insertSession({ ...session, ...position })
      state.addSession(position.root_id, session.id)
    }
  }

  #delete(id: string, state: ConversationIndexUpdateState): void {
    const old = this.#tables.findSession(id)
    if (!old) return
    state.changedSessionIds.add(id)
    this.#enqueueOtherRetries(old)
    this.#tables.deleteSession(id)
    state.removeSession(old.root_id, id)
    this.#enqueueChildren(id, true)
  }

  #markChangedSettings(id: string, state: ConversationIndexUpdateState): void {
    const session = this.#tables.findSession(id)
    if (!session) return
    state.markForRefresh(session.root_id)
    state.markJoined(session.root_id, id)
  }

  #enqueueChildren(id: string, isRelinked: boolean): void {
    if (!this.#tables.hasChildren(id)) return
    this.#tables.enqueueChildren({ parent_id: id, after_id: '', relinked: isRelinked ? 1 : 0 })
  }

  /** If the session has the place of one that is gone, the other retries in that place stand beside it. */
  #enqueueOtherRetries(session: ConversationIndexEntry, isRelinked = true): void {
    const { takes_place_of: placeId } = session
    if (placeId !== null && this.#lineage.hasPlace(session)) this.#enqueueChildren(placeId, isRelinked)
  }

  /** Returns whether nothing is pending any more. */
  #processPending(maxSessions: number, state: ConversationIndexUpdateState): boolean {
    for (let left = maxSessions; ; left -= this.#processBatch(Math.min(left, childBatchSize), state)) {
      if (this.#tables.isComplete) return true
      if (left <= 0) return false
    }
  }

  /** Returns how many positions it has computed, and at least 1. */
  #processBatch(maxSessions: number, state: ConversationIndexUpdateState): number {
    const next = this.#tables.findPendingChildren()
    if (!next) return this.#processRecheck(state)
    const children = this.#tables.listChildIds(next.parent_id, next.after_id, maxSessions)
    const last = children.at(-1)
    // The queue is updated first: repositioning can queue the same parent again.
    if (last === undefined || children.length < maxSessions) this.#tables.dequeueChildren(next.parent_id)
    else this.#tables.enqueueChildren({ ...next, after_id: last })
    for (const id of children) this.#reposition(id, next.relinked === 1, state)
    return Math.max(children.length, 1)
  }

  #processRecheck(state: ConversationIndexUpdateState): number {
    const id = this.#tables.findPendingRecheck()
    if (id !== null) {
      this.#tables.dequeueRecheck(id)
      this.#reposition(id, true, state)
    }
    return 1
  }

  /** `isRelinked`: the session may continue another one than before, rather than the same one at another position. */
  #reposition(id: string, isRelinked: boolean, state: ConversationIndexUpdateState): void {
    const session = this.#tables.findSession(id)
    if (!session) return
    state.markForRefresh(session.root_id)
    const { root_id, depth } = this.#computePosition(session, isRelinked)
    if (root_id === session.root_id && depth === session.depth) return
    this.#tables.updatePosition(id, root_id, depth)
    state.changedSessionIds.add(id)
    if (root_id !== session.root_id) {
      state.removeSession(session.root_id, id)
      state.addSession(root_id, id)
    }
    this.#enqueueChildren(id, false)
    this.#enqueueOtherRetries(session, false)
  }

  #computePosition(session: ConversationIndexEntry, isRelinked: boolean): TreePosition {
    const link = this.#lineage.findAbove(session)
    if (!link) return { root_id: session.id, depth: 0 }
    const { above, isRetry } = link
    // A new link of a session that others depend on can close a cycle: then the position above depends on this one.
    const canTrustAbove = !isRelinked || !this.#lineage.hasDependents(session)
    if (canTrustAbove && above.depth !== null && above.depth < maxChainLength) {
      return { root_id: above.root_id, depth: above.depth + (isRetry ? 0 : 1) }
    }
    if (this.#tables.findPendingChildren()) this.#tables.enqueueRecheck(session.id)
    const { root, segmentCount } = this.#lineage.walkToRoot(session)
    // With something above it, the walk ended there in a cycle or at the maximum length.
    return { root_id: root.id, depth: this.#lineage.findAbove(root) ? null : segmentCount - 1 }
  }

  /** Updates the row of a conversation from its sessions. */
  #refreshConversation(
    rootId: string,
    countDelta: number,
    state: ConversationIndexUpdateState,
  ): ConversationIndexFlagsChange {
    const [joinedIds, leftIds] = [state.joinedIds.get(rootId) ?? new Set<string>(), state.leftIds.get(rootId)]
    const settings = this.#settings.spread(rootId, joinedIds, state.inheritedSettings)
    const old = this.#tables.findConversation(rootId)
    const row = this.#buildConversationRow(rootId, (old?.segment_count ?? 0) + countDelta, settings)
    if (!row) this.#tables.deleteConversation(rootId)
    else if (!old || !areConversationsEqual(old, row)) this.#tables.upsertConversation(row)
    if (row) this.#updateConversationFlags(row, old, joinedIds)
    return { before: old?.flags ?? null, after: row?.flags ?? null, ...(leftIds && { leftIds }) }
  }

  #updateConversationFlags(
    { root_id, flags }: ConversationSummaryRow,
    old: ConversationSummaryRow | null,
    joinedIds: ReadonlySet<string>,
  ): void {
    const conversationFlags = flags & conversationFlagsMask
    const isChanged = ((old?.flags ?? 0) & conversationFlagsMask) !== conversationFlags
    const ids = isChanged ? this.#tables.listSessionIds(root_id) : [...joinedIds]
    if (ids.length > 0) this.#tables.updateConversationFlags(ids, conversationFlags)
  }

  /** Null if the conversation has no sessions. */
  #buildConversationRow(
    rootId: string,
    segmentCount: number,
    settings: ConversationSettingsRow | null,
  ): ConversationSummaryRow | null {
    if (segmentCount <= 0) return null
    const session = this.#tables.findSession(rootId)
    // The root can be deleted or belong to another conversation: while positions are pending, and where a chain is cut off.
    const root = session?.root_id === rootId ? session : null
    const newest = root && segmentCount === 1 ? null : this.#tables.findNewestSession(rootId)
    const tip = newest && (!root || isNewerTip(newest, root)) ? newest : root
    if (!tip) return null
    // What Hermes has set counts until a session of Segue continues it. Segue's own sessions have settings only.
    const isContinuedBySegue =
      isSegueSession(tip.flags) || (isHermesSession((root ?? tip).flags) && !isHermesSession(tip.flags))
    const readAt = settings?.read_at ?? this.#loadReadMarksStart((root ?? tip).flags)
    const { attention, sessionId } = findConversationAttention(this.#tables, { rootId, root, segmentCount, readAt })
    return {
      root_id: rootId,
      tip_id: tip.id,
      segment_count: segmentCount,
      last_activity_at: tip.activity_at,
      flags: toConversationFlags((root ?? tip).flags, tip.flags, {
        settingFlags: resolveSettingFlags(settings, (isContinuedBySegue ? (root ?? tip) : tip).default_flags),
        attention,
        crossOrigin: this.#detectCrossOrigin(root ?? tip, tip),
        empty: tip.message_at === null,
      }),
      attention_session_id: sessionId,
    }
  }
}

function areConversationsEqual(a: ConversationSummaryRow, b: ConversationSummaryRow): boolean {
  return (
    a.tip_id === b.tip_id &&
    a.segment_count === b.segment_count &&
    a.last_activity_at === b.last_activity_at &&
    a.flags === b.flags &&
    a.attention_session_id === b.attention_session_id
  )
}
