import { createAbortOnReturnIterator } from '../lib/async/iterables/abort-on-return-iterator.ts'
import { toConversationId } from '../model/conversation/conversation-id.ts'
import type { Conversation } from '../sessions/conversation.ts'
import type { ConversationRepository } from '../sessions/conversation-repository.ts'
import type { CombinedSessionRepository } from '../sessions/combined-session-repository.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { ConversationChangeBuffer, type NumberedConversationChange } from './conversation-change-buffer.ts'
import type { ConversationChange } from '../storage/sessions/conversation-reader.ts'

const lookupBatchSize = 100 // conversations per lookup

/** The new state of a conversation in the list. */
export interface ConversationUpdate {
  readonly kind: 'UPSERTED' | 'REMOVED'
  /** The id of the conversation. */
  readonly conversationId: string
  /** Null if the list no longer holds it. */
  readonly conversation: Conversation | null
  /** The conversation that the sessions of a removed one belong to now. Null if they were deleted. */
  readonly continuesIn: Conversation | null
}

/** Tells a subscriber to read the list, because it is new or because any conversation may have changed. */
export interface ConversationListReady {
  readonly kind: 'READY'
  readonly conversationId: null
  readonly conversation: null
  readonly continuesIn: null
}

export type ConversationListUpdate = ConversationUpdate | ConversationListReady

const ready: ConversationListReady = { kind: 'READY', conversationId: null, conversation: null, continuesIn: null }

/** Some changes, and the state of their conversations after them. */
interface ResolvedChanges {
  readonly changes: readonly NumberedConversationChange[]
  readonly updates: Promise<readonly ConversationUpdate[]>
}

export interface ConversationFeedOptions {
  readonly profile: Pick<ProfileStorage, 'segueSessions' | 'hermesSessions'>
  readonly sessions: CombinedSessionRepository
  readonly conversations: ConversationRepository
}

/** The live changes of a profile's list of conversations. */
export class ConversationFeed {
  readonly #options: ConversationFeedOptions
  readonly #changes = new ConversationChangeBuffer()
  /** The newest lookup, shared by its readers: nearly all of them have the same cursor. */
  #latestLookup: { readonly cursor: number; readonly resolved: ResolvedChanges } | null = null

  constructor(options: ConversationFeedOptions) {
    this.#options = options
    const { segueSessions, hermesSessions } = options.profile
    segueSessions.onConversationsChanged((changes) => this.#changes.add(changes))
    hermesSessions?.onConversationsChanged((changes) => this.#changes.add(changes))
  }

  /**
   * Yields READY, then every conversation that is added, changed or removed. Yields several changes of one conversation as
   * one update if they come together, and READY again in place of changes that are too many to yield. Ends when the profile
   * is closed.
   */
  follow(): AsyncIterableIterator<ConversationListUpdate> {
    // Taken at the call, so that a caller who reads the list afterwards misses no change in between.
    const startSeq = this.#changes.latestSeq
    return createAbortOnReturnIterator((signal) => this.#readUpdates(startSeq, signal))
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#changes.close()
  }

  async *#readUpdates(startSeq: number, signal: AbortSignal): AsyncGenerator<ConversationListUpdate, void, void> {
    const { notifier } = this.#changes
    const refresh = this.#startRefresh()
    let cursor = startSeq
    yield ready
    while (!signal.aborted && !notifier.isClosed) {
      const { version } = notifier
      const resolved = this.#resolveAfter(cursor)
      const mayAllHaveChanged = resolved?.changes.some(
        ({ changeSeq, conversation }) => conversation === null && changeSeq > refresh.doneAtSeq,
      )
      if (!resolved || mayAllHaveChanged) {
        // Taken before the subscriber is told, so that what changes while it reads the list is reported.
        cursor = this.#changes.latestSeq
        yield ready
        continue
      }
      try {
        yield* await resolved.updates
      } catch (error) {
        if (notifier.isClosed) return
        throw error
      }
      cursor = resolved.changes.at(-1)?.changeSeq ?? cursor
      if (resolved.changes.length === 0) await notifier.wait(version, signal)
    }
  }

  /**
   * Refreshes the Hermes index. Until `doneAtSeq`, "any conversation may have changed" is ignored: the refresh may find
   * that the Hermes database was replaced, but this subscriber has not read the list yet.
   */
  #startRefresh(): { readonly doneAtSeq: number } {
    const refresh = { doneAtSeq: Number.POSITIVE_INFINITY }
    const refreshed = this.#options.profile.hermesSessions?.refresh() ?? Promise.resolve()
    refreshed.then(
      () => (refresh.doneAtSeq = this.#changes.latestSeq),
      () => {
        refresh.doneAtSeq = this.#changes.latestSeq
        this.#changes.add(null)
      },
    )
    return refresh
  }

  /** Returns null if the changes after the cursor are no longer available. */
  #resolveAfter(cursor: number): ResolvedChanges | null {
    if (this.#latestLookup?.cursor === cursor) return this.#latestLookup.resolved
    const changes = this.#changes.readAfter(cursor, lookupBatchSize)
    if (!changes) return null
    const resolved = { changes, updates: this.#loadUpdates(coalesceChanges(changes)) }
    const lookup = { cursor, resolved }
    if (changes.length > 0) this.#latestLookup = lookup
    // A failed lookup is not shared: the next reader tries again.
    resolved.updates.catch(() => {
      if (this.#latestLookup === lookup) this.#latestLookup = null
    })
    return resolved
  }

  async #loadUpdates(changes: readonly ConversationChange[]): Promise<readonly ConversationUpdate[]> {
    if (changes.length === 0) return []
    const { sessions, conversations } = this.#options
    const ids = changes.flatMap(({ rootId, successorId }) =>
      successorId === undefined ? [rootId] : [rootId, successorId],
    )
    const bySession = await conversations.findBySessions([...(await sessions.findMany(ids)).values()])
    const updates = new Map<string, ConversationUpdate>()
    for (const { rootId, successorId, before, after } of changes) {
      // A former root may be part of another conversation by now. Then that conversation is the one that changed.
      const conversation = bySession.get(rootId)
      if (conversation && !conversation.isEmpty) {
        const id = toConversationId(conversation.root.id)
        updates.set(id, { kind: 'UPSERTED', conversationId: id, conversation, continuesIn: null })
      }
      const id = toConversationId(rootId)
      const isRemoved = before === 'thisSource' ? after !== 'thisSource' : before !== null && after === null
      if (!isRemoved || updates.has(id)) continue
      const current = conversation ?? (successorId === undefined ? undefined : bySession.get(successorId))
      const continuesIn = current && current.root.id !== rootId ? current : null
      updates.set(id, { kind: 'REMOVED', conversationId: id, conversation: null, continuesIn })
    }
    return [...updates.values()]
  }
}

/**
 * Returns the newest change of each conversation, with the state before its oldest one. Both indexes report a conversation
 * that crosses between them: if either had listed it, it was listed.
 */
function coalesceChanges(changes: readonly NumberedConversationChange[]): ConversationChange[] {
  const byRoot = new Map<string, ConversationChange>()
  for (const { conversation } of changes) {
    if (!conversation) continue
    const { rootId, before } = conversation
    const { before: earlier = null, successorId } = byRoot.get(rootId) ?? {}
    byRoot.delete(rootId)
    const successor = successorId === undefined ? {} : { successorId }
    byRoot.set(rootId, {
      ...successor,
      ...conversation,
      before: earlier === 'thisSource' ? earlier : (before ?? earlier),
    })
  }
  return [...byRoot.values()]
}
