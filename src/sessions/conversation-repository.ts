import type { ProfileStorage } from '../storage/profile-storage.ts'
import { chunkArray } from '../lib/chunk-array.ts'
import type { Origin, SessionRecord } from '../model/session.ts'
import { takePage, isWithinPage, compareByActivity } from '../storage/keyset-pagination.ts'
import { matchesFilter, type SessionFilter, type SessionKey } from '../model/session-filter.ts'
import type {
  ConversationSummary,
  ConversationFilter,
  ConversationPage,
  OffsetRange,
} from '../storage/session-reader.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionRepository } from './session-repository.ts'

/** All sessions that continue one root, as one. */
export interface Conversation extends Omit<ConversationSummary, 'rootId' | 'tipId'> {
  readonly root: SessionRecord
  readonly tip: SessionRecord
}

export type ConversationListFilter = Omit<SessionFilter, 'ids'> & { readonly origin?: Origin }

const batchSize = 500 // ids a query
const maxRetries = 3 // a session can go between two reads

/**
 * The conversations of a profile. Those that lie in one of its databases alone are listed by that one; those that cross,
 * by Hermes' index, which follows both. So the two lists have no conversation in common.
 */
export class ConversationRepository {
  readonly #profile: ProfileStorage
  readonly #sessions: SessionRepository

  constructor(profile: ProfileStorage, sessions: SessionRepository) {
    this.#profile = profile
    this.#sessions = sessions
  }

  /** A page of those that have a message, newest message first; the ids of their keys are their roots'. */
  async listPage(page: PageRequest<SessionKey>, filter: ConversationListFilter): Promise<Conversation[]> {
    for (let remainingRetries = maxRetries; ; remainingRetries--) {
      const pages = await this.#readPages(page, filter)
      const entries = pages.flatMap((each) => each.conversations).toSorted(compareEntriesByActivity)
      const pageEntries = takePage(entries, page)
      const found = await this.#withRootAndTip(
        pageEntries,
        pages.flatMap((each) => each.sessions),
      )
      if (found.length === pageEntries.length || remainingRetries === 0) return found
    }
  }

  /** The conversation of each of these sessions, one without a message too. */
  async findBySessions(sessions: readonly SessionRecord[]): Promise<Map<string, Conversation>> {
    const { segueSessions, hermesSessions } = this.#profile
    const entries = new Map<string, ConversationSummary>()
    for (const batch of chunkArray(sessions, batchSize)) {
      const ids = batch.map(({ id }) => id)
      for (const [id, entry] of await segueSessions.findConversationsBySession(ids)) entries.set(id, entry)
      const otherIds = ids.filter((id) => entries.get(id)?.isCrossOrigin ?? true)
      if (!hermesSessions || otherIds.length === 0) continue
      for (const [id, entry] of await hermesSessions.findConversationsBySession(otherIds)) entries.set(id, entry)
    }
    const found = await this.#withRootAndTip([...entries.values()], sessions)
    const byRoot = new Map(found.map((conversation) => [conversation.root.id, conversation]))
    return new Map(
      [...entries].flatMap(([id, { rootId }]): [string, Conversation][] => {
        const conversation = byRoot.get(rootId)
        return conversation ? [[id, conversation]] : []
      }),
    )
  }

  /** The sessions of a conversation, oldest first: its root, then the others by their start. At most 1,000 a call. */
  async listSegments({ root }: Conversation, range: OffsetRange): Promise<SessionRecord[]> {
    const { segueSessions, hermesSessions } = this.#profile
    const source = root.origin === 'SEGUE' ? segueSessions : hermesSessions
    const ids = (await source?.listConversationSessionIds(root.id, range)) ?? []
    const rows = await this.#sessions.findMany(ids)
    return ids.flatMap((id) => rows.get(id) ?? [])
  }

  async #readPages(
    page: PageRequest<SessionKey>,
    { origin, ...filter }: ConversationListFilter,
  ): Promise<ConversationPage[]> {
    const { segueSessions, hermesSessions } = this.#profile
    const hermesFilter: ConversationFilter = { ...filter, ...(origin && { crossOrigin: origin === 'SEGUE' }) }
    // Ours first: Hermes' index follows what ours says of those that cross.
    const seguePage = await segueSessions.listConversations(page, { ...filter, crossOrigin: false })
    const hermesPage = (await hermesSessions?.listConversations(page, hermesFilter)) ?? null
    // Without Hermes, what is kept here of those that cross stands alone.
    const crossOriginPage = hermesPage
      ? null
      : await segueSessions.listConversations(page, { ...filter, crossOrigin: true })
    const candidatePages = origin === 'HERMES' ? [hermesPage] : [seguePage, hermesPage, crossOriginPage]
    return candidatePages.filter((each) => each !== null)
  }

  /** Entries with their roots and tips; without those of which either is gone. */
  async #withRootAndTip(
    entries: readonly ConversationSummary[],
    loadedSessions: readonly SessionRecord[],
  ): Promise<Conversation[]> {
    const sessionsById = new Map(loadedSessions.map((row) => [row.id, row]))
    const missing = new Set(
      entries.flatMap(({ rootId, tipId }) => [rootId, tipId]).filter((id) => !sessionsById.has(id)),
    )
    if (missing.size > 0) for (const [id, row] of await this.#sessions.findMany([...missing])) sessionsById.set(id, row)
    return entries.flatMap(({ rootId, tipId, ...entry }) => {
      const [root, tip] = [sessionsById.get(rootId), sessionsById.get(tipId)]
      return root && tip ? { ...entry, root, tip } : []
    })
  }
}

/** A page of some conversations, those without a message left out. Whoever names one need not ask for its channel. */
export function paginateConversations(
  conversations: readonly Conversation[],
  page: PageRequest<SessionKey>,
  { origin, ...filter }: ConversationListFilter,
): Conversation[] {
  const toKey = ({ root, lastActivityAt }: Conversation): SessionKey => ({ id: root.id, lastActivityAt })
  const found = conversations
    .filter(({ tip, isEmpty }) => !isEmpty && matchesFilter(tip, filter) && (origin ?? tip.origin) === tip.origin)
    .filter((each) => isWithinPage(toKey(each), page))
    .sort((a, b) => compareByActivity(toKey(a), toKey(b)))
  return takePage(found, page)
}

function compareEntriesByActivity(a: ConversationSummary, b: ConversationSummary): number {
  return compareByActivity({ ...a, id: a.rootId }, { ...b, id: b.rootId })
}

const conversationIdPrefix = 'cnv_'

export function toConversationId(rootId: string): string {
  return `${conversationIdPrefix}${rootId}`
}

/** The root's id in the id of a conversation; null for what is none. */
export function parseConversationId(id: string): string | null {
  return id.startsWith(conversationIdPrefix) ? id.slice(conversationIdPrefix.length) : null
}

/** A number that is put behind a title to make another one of it. */
const copyNumberSuffix = / #\d+$/

/**
 * What a conversation is called: its root's title, unless a person has given its tip another one. A continuation
 * inherits its parent's title, at times with a number behind it, and models make titles of their own: neither counts.
 */
export function deriveConversationTitle({ root, tip }: Conversation): string | null {
  if (root.title === null) return tip.title
  const isRenamed =
    tip.title !== null &&
    (tip.titleSource ?? 'PERSON') === 'PERSON' &&
    tip.title.replace(copyNumberSuffix, '') !== root.title.replace(copyNumberSuffix, '')
  return isRenamed ? tip.title : root.title
}
