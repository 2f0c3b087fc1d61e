import { createAbortableGenerator } from '../lib/abortable-generator.ts'
import { SegueError } from '../lib/errors.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { Conversation } from '../sessions/conversation.ts'
import { toConversationId } from '../model/conversation-id.ts'
import type { ConversationRepository } from '../sessions/conversation-repository.ts'
import type { SessionRepository } from '../sessions/session-repository.ts'
import type { ConversationChange } from '../storage/session-reader.ts'
import { ConversationChangeBuffer, type NumberedChange } from './conversation-change-buffer.ts'

const lookupBatchSize = 100 // conversations that are looked up together

/** What has become of a row of the list. */
export interface ConversationUpdate {
  /** The conversation's own id. */
  readonly id: string
  /** As it is now; null when it is not in the list any more: it was deleted, or is a part of another one. */
  readonly conversation: Conversation | null
}

/** Some changes, and what has become of the rows by then. */
interface ResolvedChanges {
  readonly changes: readonly NumberedChange[]
  readonly rows: Promise<readonly ConversationUpdate[]>
}

export interface ConversationFeedOptions {
  readonly profile: Pick<ProfileStorage, 'segueSessions' | 'hermesSessions'>
  readonly sessions: SessionRepository
  readonly conversations: ConversationRepository
}

/** Tells whoever follows it what changes in the list of a profile's conversations. */
export class ConversationFeed {
  readonly #options: ConversationFeedOptions
  readonly #changes = new ConversationChangeBuffer()
  /** The newest that was looked up, by the cursor behind which it was: nearly all readers are at the same one. */
  #latestLookup: { readonly after: number; readonly told: ResolvedChanges } | null = null

  constructor(options: ConversationFeedOptions) {
    this.#options = options
    const { segueSessions, hermesSessions } = options.profile
    segueSessions.onConversationsChanged((changed) => this.#changes.add(changed))
    hermesSessions?.onConversationsChanged((changed) => this.#changes.add(changed))
  }

  /**
   * Every conversation that changes from now on, comes or goes, without end: for as long as the profile is there.
   * Several changes of one that come together are told as one. Ends with STALE when more has changed than can be told in
   * this way: then the list has to be read again.
   */
  follow(): AsyncIterableIterator<ConversationUpdate | SegueError> {
    // Taken at once: whoever reads the list after subscribing misses nothing in between.
    const startSeq = this.#changes.latestSeq
    return createAbortableGenerator((signal) => this.#readUpdates(startSeq, signal))
  }

  /** Whoever follows is told the end. */
  close(): void {
    this.#changes.close()
  }

  async *#readUpdates(
    startSeq: number,
    signal: AbortSignal,
  ): AsyncGenerator<ConversationUpdate | SegueError, void, void> {
    const { notifier } = this.#changes
    const start = this.#refreshHermes()
    let cursor = startSeq
    while (!signal.aborted && !notifier.isClosed) {
      const { version } = notifier
      const resolved = this.#resolveAfter(cursor)
      const isStale = resolved?.changes.some(
        ({ changeSeq, conversation }) => conversation === null && changeSeq > start.lostFrom,
      )
      if (!resolved || isStale) {
        yield staleError()
        return
      }
      try {
        yield* await resolved.rows
      } catch (error) {
        if (notifier.isClosed) return
        throw error
      }
      cursor = resolved.changes.at(-1)?.changeSeq ?? cursor
      if (resolved.changes.length === 0) await notifier.wait(version, signal)
    }
  }

  /**
   * Has the thread that reads Hermes look at what there is. Until it has, it may find that any conversation is another
   * one than at its last look: to the reader, who has read nothing yet, that is no news.
   */
  #refreshHermes(): { readonly lostFrom: number } {
    const start = { lostFrom: Number.POSITIVE_INFINITY }
    const refreshed = this.#options.profile.hermesSessions?.refresh() ?? Promise.resolve()
    refreshed.then(
      () => (start.lostFrom = this.#changes.latestSeq),
      () => {
        start.lostFrom = this.#changes.latestSeq
        this.#changes.add(null)
      },
    )
    return start
  }

  #resolveAfter(cursor: number): ResolvedChanges | null {
    if (this.#latestLookup?.after === cursor) return this.#latestLookup.told
    const changes = this.#changes.readAfter(cursor, lookupBatchSize)
    if (!changes) return null
    const resolved = { changes, rows: this.#lookUp(coalesceChanges(changes)) }
    const lookup = { after: cursor, told: resolved }
    if (changes.length > 0) this.#latestLookup = lookup
    // Whoever comes next tries again.
    resolved.rows.catch(() => {
      if (this.#latestLookup === lookup) this.#latestLookup = null
    })
    return resolved
  }

  async #lookUp(changed: readonly ConversationChange[]): Promise<readonly ConversationUpdate[]> {
    if (changed.length === 0) return []
    const { sessions, conversations } = this.#options
    const sessionsById = await sessions.findMany(changed.map(({ rootId }) => rootId))
    const found = await conversations.findBySessions([...sessionsById.values()])
    const updates = new Map<string, ConversationUpdate>()
    for (const { rootId, before, after } of changed) {
      // What was a root may be a part of another conversation by now.
      const conversation = found.get(rootId)
      const id = toConversationId(rootId)
      if (conversation && !conversation.isEmpty) {
        const currentId = toConversationId(conversation.root.id)
        updates.set(currentId, { id: currentId, conversation })
      }
      const hasLeft = before === 'here' ? after !== 'here' : before !== null && after === null
      if (hasLeft && !updates.has(id)) updates.set(id, { id, conversation: null })
    }
    return [...updates.values()]
  }
}

/** Each conversation once. Of one that lies in both databases both tell: where either says that it was, it was. */
function coalesceChanges(changes: readonly NumberedChange[]): ConversationChange[] {
  const byRoot = new Map<string, ConversationChange>()
  for (const { conversation } of changes) {
    if (!conversation) continue
    const { rootId, before } = conversation
    const earlier = byRoot.get(rootId)?.before ?? null
    byRoot.delete(rootId)
    byRoot.set(rootId, { ...conversation, before: earlier === 'here' ? earlier : (before ?? earlier) })
  }
  return [...byRoot.values()]
}

function staleError(): SegueError {
  const message = 'More has changed than can be told one by one: read conversations again, and subscribe anew.'
  return new SegueError('STALE', message)
}
