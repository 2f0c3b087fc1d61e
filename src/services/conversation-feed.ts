import { abortable } from '../chat/subscriptions/subscribe-to-log.ts'
import { SegueError } from '../lib/errors.ts'
import type { Profile } from './profile-stores.ts'
import { type Conversation, conversationId, type Conversations } from '../sessions/conversation-repository.ts'
import type { Sessions } from '../sessions/session-repository.ts'
import type { ChangedConversation } from '../storage/session-reader.ts'
import { ConversationChanges, type ConversationsChange } from './conversation-change-buffer.ts'

const atOnce = 100 // conversations that are looked up together

/** What has become of a row of the list. */
export interface FollowedConversation {
  /** The conversation's own id. */
  readonly id: string
  /** As it is now; null when it is not in the list any more: it was deleted, or is a part of another one. */
  readonly conversation: Conversation | null
}

/** Some changes, and what has become of the rows by then. */
interface Told {
  readonly changes: readonly ConversationsChange[]
  readonly rows: Promise<readonly FollowedConversation[]>
}

export interface ConversationFeedOptions {
  readonly profile: Pick<Profile, 'own' | 'hermes'>
  readonly sessions: Sessions
  readonly conversations: Conversations
}

/** Tells whoever follows it what changes in the list of a profile's conversations. */
export class ConversationFeed {
  readonly #options: ConversationFeedOptions
  readonly #changes = new ConversationChanges()
  /** The newest that was looked up, by the cursor behind which it was: nearly all readers are at the same one. */
  #newest: { readonly after: number; readonly told: Told } | null = null

  constructor(options: ConversationFeedOptions) {
    this.#options = options
    const { own, hermes } = options.profile
    own.onChanged((changed) => this.#changes.add(changed))
    hermes?.onChanged((changed) => this.#changes.add(changed))
  }

  /**
   * Every conversation that changes from now on, comes or goes, without end: for as long as the profile is there.
   * Several changes of one that come together are told as one. Ends with STALE when more has changed than can be told in
   * this way: then the list has to be read again.
   */
  follow(): AsyncIterableIterator<FollowedConversation | SegueError> {
    // Taken at once: whoever reads the list after subscribing misses nothing in between.
    const begun = this.#changes.newest
    return abortable((signal) => this.#told(begun, signal))
  }

  /** Whoever follows is told the end. */
  close(): void {
    this.#changes.close()
  }

  async *#told(begun: number, signal: AbortSignal): AsyncGenerator<FollowedConversation | SegueError, void, void> {
    const { bell } = this.#changes
    const start = this.#watchHermes()
    let cursor = begun
    while (!signal.aborted && !bell.closed) {
      const { rung } = bell
      const told = this.#after(cursor)
      const isLost = told?.changes.some(({ change, conversation }) => conversation === null && change > start.lostFrom)
      if (!told || isLost) {
        yield lost()
        return
      }
      try {
        yield* await told.rows
      } catch (error) {
        if (bell.closed) return
        throw error
      }
      cursor = told.changes.at(-1)?.change ?? cursor
      if (told.changes.length === 0) await bell.next(rung, signal)
    }
  }

  /**
   * Has the thread that reads Hermes look at what there is. Until it has, it may find that any conversation is another
   * one than at its last look: to the reader, who has read nothing yet, that is no news.
   */
  #watchHermes(): { readonly lostFrom: number } {
    const start = { lostFrom: Number.POSITIVE_INFINITY }
    const watch = this.#options.profile.hermes?.catchUp() ?? Promise.resolve()
    watch.then(
      () => (start.lostFrom = this.#changes.newest),
      () => {
        start.lostFrom = this.#changes.newest
        this.#changes.add(null)
      },
    )
    return start
  }

  #after(cursor: number): Told | null {
    if (this.#newest?.after === cursor) return this.#newest.told
    const changes = this.#changes.after(cursor, atOnce)
    if (!changes) return null
    const told = { changes, rows: this.#lookUp(merged(changes)) }
    const newest = { after: cursor, told }
    if (changes.length > 0) this.#newest = newest
    // Whoever comes next tries again.
    told.rows.catch(() => {
      if (this.#newest === newest) this.#newest = null
    })
    return told
  }

  async #lookUp(changed: readonly ChangedConversation[]): Promise<readonly FollowedConversation[]> {
    if (changed.length === 0) return []
    const { sessions, conversations } = this.#options
    const rows = await sessions.byId(changed.map(({ rootId }) => rootId))
    const found = await conversations.of([...rows.values()])
    const told = new Map<string, FollowedConversation>()
    for (const { rootId, before, after } of changed) {
      // What was a root may be a part of another conversation by now.
      const conversation = found.get(rootId)
      const id = conversationId(rootId)
      if (conversation && !conversation.isEmpty) {
        const itsId = conversationId(conversation.root.id)
        told.set(itsId, { id: itsId, conversation })
      }
      const hasLeft = before === 'here' ? after !== 'here' : before !== null && after === null
      if (hasLeft && !told.has(id)) told.set(id, { id, conversation: null })
    }
    return [...told.values()]
  }
}

/** Each conversation once. Of one that lies in both databases both tell: where either says that it was, it was. */
function merged(changes: readonly ConversationsChange[]): ChangedConversation[] {
  const byRoot = new Map<string, ChangedConversation>()
  for (const { conversation } of changes) {
    if (!conversation) continue
    const { rootId, before } = conversation
    const earlier = byRoot.get(rootId)?.before ?? null
    byRoot.delete(rootId)
    byRoot.set(rootId, { ...conversation, before: earlier === 'here' ? earlier : (before ?? earlier) })
  }
  return [...byRoot.values()]
}

function lost(): SegueError {
  const sentence = 'More has changed than can be told one by one: read conversations again, and subscribe anew.'
  return new SegueError('STALE', sentence)
}
