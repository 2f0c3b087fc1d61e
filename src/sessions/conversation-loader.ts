import DataLoader from 'dataloader'
import type { SessionRecord } from '../model/session.ts'
import type { Conversation } from './conversation.ts'
import type { ConversationRepository } from './conversation-repository.ts'
import { parseConversationId } from '../model/conversation-id.ts'
import type { SessionLoader } from './session-loader.ts'

/** Conversations by their sessions, for one execution, as `SessionLoader` is. */
export class ConversationLoader {
  readonly #sessions: SessionLoader
  readonly #conversations: DataLoader<SessionRecord, Conversation | null, string>

  constructor(conversations: ConversationRepository, sessions: SessionLoader) {
    this.#sessions = sessions
    this.#conversations = new DataLoader(
      async (wanted) => {
        const found = await conversations.findBySessions(wanted)
        return wanted.map(({ id }) => found.get(id) ?? null)
      },
      { cacheKeyFn: ({ id }) => id },
    )
  }

  /** The one that a session is a part of. */
  async loadForSession(session: SessionRecord): Promise<Conversation> {
    const found = await this.#conversations.load(session)
    if (found) return found
    // It came or went while it was looked for: what it says of itself is true in any case.
    const { root, segmentCount } = await this.#sessions.loadLineage(session)
    const { lastActivityAt } = session
    return { root, tip: session, segmentCount, lastActivityAt, isEmpty: false, isCrossOrigin: false }
  }

  /** By an id of its own. Null when there is none. */
  async loadById(id: string): Promise<Conversation | null> {
    const rootId = parseConversationId(id)
    const session = rootId === null ? null : await this.#sessions.load(rootId)
    if (!session) return null
    const conversation = await this.loadForSession(session)
    return conversation.root.id === session.id ? conversation : null
  }

  /** Those that any of these ids names, by itself or by one of its sessions; each once. */
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
