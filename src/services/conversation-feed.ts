import { createAbortOnReturnIterator } from '../lib/async/abort-on-return-iterator.ts'
import { SegueError } from '../lib/errors.ts'
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
  /** The id of the conversation. */
  readonly id: string
  /** Null if the list no longer holds it: it was deleted, or became part of another conversation. */
  readonly conversation: Conversation | null
}

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
   * Yields every conversation that is added, changed or removed from now on. Yields several changes of one conversation
   * as one update if they come together. Ends with a STALE error if there are too many changes, and when the profile is
   * closed.
   */
  follow(): AsyncIterableIterator<ConversationUpdate | SegueError> {
    // Taken at the call, so that a caller who reads the list afterwards misses no change in between.
    const startSeq = this.#changes.latestSeq
    return createAbortOnReturnIterator((signal) => this.#readUpdates(startSeq, signal))
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#changes.close()
  }

  async *#readUpdates(
    startSeq: number,
    signal: AbortSignal,
  ): AsyncGenerator<ConversationUpdate | SegueError, void, void> {
    const { notifier } = this.#changes
    const refresh = this.#startRefresh()
    let cursor = startSeq
    while (!signal.aborted && !notifier.isClosed) {
      const { version } = notifier
      const resolved = this.#resolveAfter(cursor)
      const isStale = resolved?.changes.some(
        ({ changeSeq, conversation }) => conversation === null && changeSeq > refresh.doneAtSeq,
      )
      if (!resolved || isStale) {
        yield newStaleError()
        return
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
    const roots = await sessions.findMany(changes.map(({ rootId }) => rootId))
    const byRoot = await conversations.findBySessions([...roots.values()])
    const updates = new Map<string, ConversationUpdate>()
    for (const { rootId, before, after } of changes) {
      // A former root may be part of another conversation by now. Then that conversation is the one that changed.
      const conversation = byRoot.get(rootId)
      if (conversation && !conversation.isEmpty) {
        const id = toConversationId(conversation.root.id)
        updates.set(id, { id, conversation })
      }
      const id = toConversationId(rootId)
      const isRemoved = before === 'thisSource' ? after !== 'thisSource' : before !== null && after === null
      if (isRemoved && !updates.has(id)) updates.set(id, { id, conversation: null })
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
    const earlier = byRoot.get(rootId)?.before ?? null
    byRoot.delete(rootId)
    byRoot.set(rootId, { ...conversation, before: earlier === 'thisSource' ? earlier : (before ?? earlier) })
  }
  return [...byRoot.values()]
}

function newStaleError(): SegueError {
  const message = 'Too many changes to report individually. Reload `conversations`, then subscribe again.'
  return new SegueError('STALE', message)
}
