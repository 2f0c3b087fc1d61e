import DataLoader from 'dataloader'
import { parseConversationId } from '../model/conversation/conversation-id.ts'
import type { SessionRecord } from '../model/session.ts'
import type { ConversationListEntry } from '../storage/sessions/conversation-reader.ts'
import type { Conversation } from './conversation.ts'
import type { ConversationRepository } from './conversation-repository.ts'
import type { SessionLoader } from './session-loader.ts'

/** Loads conversations by their sessions, in batches. Lives for one execution, like `SessionLoader`. */
export class ConversationLoader {
  readonly #sessions: SessionLoader
  /** Conversations that were read by a list, by the ids of their roots and tips. */
  readonly #known = new Map<string, Conversation>()
  readonly #conversations: DataLoader<SessionRecord, Conversation | null, string>
  readonly #listEntries: DataLoader<SessionRecord, ConversationListEntry | null, string>
  readonly #continuations: DataLoader<SessionRecord, SessionRecord | null, string>

  constructor(conversations: ConversationRepository, sessions: SessionLoader) {
    this.#sessions = sessions
    this.#conversations = createSessionKeyedLoader((batch) => conversations.findBySessions(batch))
    this.#listEntries = createSessionKeyedLoader((batch) => conversations.findListEntries(batch))
    this.#continuations = createSessionKeyedLoader((batch) => conversations.findContinuations(batch))
  }

  /** Adds conversations that were just read to the cache, for their roots and tips. */
  prime(conversations: readonly Conversation[]): void {
    for (const conversation of conversations)
      for (const { id } of [conversation.root, conversation.tip])
        if (!this.#known.has(id)) this.#known.set(id, conversation)
  }

  /** Whether the conversation that a session belongs to is pinned, and whether it is archived. */
  async loadFlagsForSession(session: SessionRecord): Promise<Pick<Conversation, 'pinned' | 'archived'>> {
    return this.#known.get(session.id) ?? (await this.#listEntries.load(session)) ?? session
  }

  /** Loads the session that continues this one; of several, the one with the newest message. Null if there is none. */
  loadContinuation(session: SessionRecord): Promise<SessionRecord | null> {
    return this.#continuations.load(session)
  }

  /** Loads the conversation that a session belongs to. */
  async loadForSession(session: SessionRecord): Promise<Conversation> {
    const found = this.#known.get(session.id) ?? (await this.#conversations.load(session))
    if (found) return found
    // The session was created or deleted during the lookup. Its own lineage is right in any case.
    const { root, segmentCount } = await this.#sessions.loadLineage(session)
    const { lastActivityAt, pinned, archived } = session
    const known = { root, tip: session, segmentCount, lastActivityAt, pinned, archived }
    const unread = { attention: 'IDLE', attentionSessionId: null, readAt: null } as const
    return { ...known, ...unread, isEmpty: false, isCrossOrigin: false }
  }

  /** Loads a conversation by its id. Resolves to null if there is none. */
  async loadById(id: string): Promise<Conversation | null> {
    const rootId = parseConversationId(id)
    const session = rootId === null ? null : await this.#sessions.load(rootId)
    if (!session) return null
    const conversation = await this.loadForSession(session)
    return conversation.root.id === session.id ? conversation : null
  }

  /** Loads conversations by their ids, or by the ids of their sessions. Returns each conversation once. */
  async loadByIds(ids: readonly string[]): Promise<Conversation[]> {
    const found = await Promise.all(
      ids.map(async (id) => {
        const session = await this.#sessions.load(id)
        return session ? this.loadForSession(session) : this.loadById(id)
      }),
    )
    return [...new Map(found.flatMap((each) => (each ? [[each.root.id, each]] : []))).values()]
  }
}

function createSessionKeyedLoader<T>(
  find: (sessions: readonly SessionRecord[]) => Promise<Map<string, T>>,
): DataLoader<SessionRecord, T | null, string> {
  return new DataLoader(
    async (batch) => {
      const found = await find(batch)
      return batch.map(({ id }) => found.get(id) ?? null)
    },
    { cacheKeyFn: ({ id }) => id },
  )
}
