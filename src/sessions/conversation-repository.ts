import type { PageRequest } from '../lib/pagination.ts'
import type { SessionRecord } from '../model/session.ts'
import type { SessionSortKey } from '../model/session-filter.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { SessionReader } from '../storage/sessions/session-reader.ts'
import type { Conversation, ConversationGroup, ConversationListFilter } from './conversation.ts'
import { mergePages } from './merge-pages.ts'
import type { CombinedSessionRepository } from './combined-session-repository.ts'
import { compareQualifiedByActivity } from './compare-qualified-by-activity.ts'
import type {
  ConversationFilter,
  ConversationListEntry,
  OffsetPagination,
} from '../storage/sessions/conversation-reader.ts'

const idPageSize = 1000
const maxRetries = 3 // a session may be deleted between two reads

/**
 * The conversations of a profile. Each is listed by one index only: those within Segue by the Segue index, all others,
 * which include those that cross from Hermes into Segue, by the Hermes index.
 */
export class ConversationRepository {
  readonly #profile: Pick<ProfileStorage, 'segueSessions' | 'hermesSessions'>
  readonly #sessions: CombinedSessionRepository

  constructor(profile: Pick<ProfileStorage, 'segueSessions' | 'hermesSessions'>, sessions: CombinedSessionRepository) {
    this.#profile = profile
    this.#sessions = sessions
  }

  /** Lists a page of the conversations that have a message, newest message first. A key has the id of the root. */
  async listPage(page: PageRequest<SessionSortKey>, filter: ConversationListFilter): Promise<Conversation[]> {
    for (let remainingRetries = maxRetries; ; remainingRetries -= 1) {
      const pages = await this.#readSources(filter, (source, sourceFilter) =>
        source.listConversations(page, sourceFilter),
      )
      const pageSummaries = mergePages(
        pages.map(({ conversations }) => conversations),
        page,
        compareSummariesByActivity,
      )
      const loadedSessions = pages.flatMap(({ sessions }) => sessions)
      const conversations = await this.#loadConversations(pageSummaries, loadedSessions)
      if (conversations.length === pageSummaries.length || remainingRetries === 0) return conversations
    }
  }

  /** How many conversations `listPage` lists with this filter, in groups. The cost does not depend on their number. */
  async count(filter: ConversationListFilter): Promise<ConversationGroup[]> {
    const groups = await this.#readSources(filter, async (source, sourceFilter) => {
      const counts = await source.countConversations(sourceFilter)
      return counts?.map(({ isCrossOrigin, channel, attention, count }): ConversationGroup => {
        return { channel, origin: isCrossOrigin ? 'SEGUE' : source.origin, attention, count }
      })
    })
    return groups.flat()
  }

  /** Finds the conversations of these sessions, by session id. Includes conversations without a message. */
  async findBySessions(sessions: readonly SessionRecord[]): Promise<Map<string, Conversation>> {
    const summaries = await this.findListEntries(sessions)
    const conversations = await this.#loadConversations([...summaries.values()], sessions)
    const byRoot = new Map(conversations.map((conversation) => [conversation.root.id, conversation]))
    return new Map(
      [...summaries].flatMap(([id, { rootId }]): [string, Conversation][] => {
        const conversation = byRoot.get(rootId)
        return conversation ? [[id, conversation]] : []
      }),
    )
  }

  /** Finds what the indexes hold of these sessions' conversations, by session id. */
  async findListEntries(sessions: readonly Pick<SessionRecord, 'id'>[]): Promise<Map<string, ConversationListEntry>> {
    const { segueSessions, hermesSessions } = this.#profile
    const ids = sessions.map(({ id }) => id)
    const summaries = new Map(await segueSessions.findConversationsBySession(ids))
    const otherIds = ids.filter((id) => summaries.get(id)?.isCrossOrigin ?? true)
    if (hermesSessions && otherIds.length > 0)
      for (const [id, summary] of await hermesSessions.findConversationsBySession(otherIds)) summaries.set(id, summary)
    return summaries
  }

  /**
   * Finds the session that continues each of these, by id; of several, the one with the newest message. A retry counts as the
   * session whose place it takes.
   */
  async findContinuations(sessions: readonly SessionRecord[]): Promise<Map<string, SessionRecord>> {
    const { segueSessions, hermesSessions } = this.#profile
    const { SEGUE = [], HERMES = [] } = Object.groupBy(sessions, ({ origin }) => origin)
    // What continues a session of Segue is stored by Segue. The Hermes index has both.
    const found = new Map(await segueSessions.findContinuations(SEGUE.map(({ id }) => id)))
    if (hermesSessions && HERMES.length > 0)
      for (const [id, continuationId] of await hermesSessions.findContinuations(HERMES.map((session) => session.id)))
        found.set(id, continuationId)
    const continuations = await this.#sessions.findMany([...new Set(found.values())])
    return new Map(
      [...found].flatMap(([id, continuationId]): [string, SessionRecord][] => {
        const continuation = continuations.get(continuationId)
        return continuation ? [[id, continuation]] : []
      }),
    )
  }

  /** Lists at most 1,000 sessions of a conversation: the root first, then the others by their start. */
  async listSegments({ root }: Conversation, range: OffsetPagination): Promise<SessionRecord[]> {
    const ids = await this.#listSessionIdPage(root, range)
    const sessions = await this.#sessions.findMany(ids)
    return ids.flatMap((id) => sessions.get(id) ?? [])
  }

  /** The ids of all sessions of a conversation. */
  async listSessionIds({ root }: Pick<Conversation, 'root'>): Promise<string[]> {
    const ids: string[] = []
    for (;;) {
      const page = await this.#listSessionIdPage(root, { offset: ids.length, limit: idPageSize })
      ids.push(...page)
      if (page.length < idPageSize) return ids
    }
  }

  async #listSessionIdPage(root: SessionRecord, range: OffsetPagination): Promise<string[]> {
    const { segueSessions, hermesSessions } = this.#profile
    const reader = root.origin === 'SEGUE' ? segueSessions : hermesSessions
    return (await reader?.listConversationSessionIds(root.id, range)) ?? []
  }

  /** Reads every source that lists conversations which match the filter, with the filter of those that it lists. */
  async #readSources<T>(
    { origin, ...filter }: ConversationListFilter,
    read: (source: SessionReader, filter: ConversationFilter) => Promise<T | null | undefined>,
  ): Promise<T[]> {
    const { segueSessions, hermesSessions } = this.#profile
    // Without Hermes, Segue lists its sessions of conversations that cross, too.
    if (!hermesSessions) {
      const result = origin === 'HERMES' ? null : await read(segueSessions, filter)
      return result ? [result] : []
    }
    const hermesFilter: ConversationFilter = { ...filter, ...(origin && { crossOrigin: origin === 'SEGUE' }) }
    // The Hermes index follows the Segue index, so the Segue index has to be current first.
    if (origin === 'HERMES') await segueSessions.refresh()
    const segueResult = origin === 'HERMES' ? null : await read(segueSessions, { ...filter, crossOrigin: false })
    const hermesResult = await read(hermesSessions, hermesFilter)
    // The same while Hermes cannot be read.
    const crossOriginResult =
      hermesResult || origin === 'HERMES' ? null : await read(segueSessions, { ...filter, crossOrigin: true })
    return [segueResult, hermesResult, crossOriginResult].filter((each) => each !== null && each !== undefined)
  }

  /** Adds roots and tips to summaries. Leaves out a conversation whose root or tip was deleted. */
  async #loadConversations(
    summaries: readonly ConversationListEntry[],
    loadedSessions: readonly SessionRecord[],
  ): Promise<Conversation[]> {
    const sessions = new Map(loadedSessions.map((session) => [session.id, session]))
    const ids = summaries.flatMap(({ rootId, tipId }) => [rootId, tipId])
    const missingIds = new Set(ids.filter((id) => !sessions.has(id)))
    if (missingIds.size > 0)
      for (const [id, session] of await this.#sessions.findMany([...missingIds])) sessions.set(id, session)
    return summaries.flatMap((summary) => {
      const [root, tip] = [sessions.get(summary.rootId), sessions.get(summary.tipId)]
      return root && tip ? { ...summary, root, tip } : []
    })
  }
}

function compareSummariesByActivity(a: ConversationListEntry, b: ConversationListEntry): number {
  return compareQualifiedByActivity(toKey(a), toKey(b))
}

function toKey({ rootId, lastActivityAt }: ConversationListEntry): SessionSortKey {
  return { id: rootId, lastActivityAt }
}
