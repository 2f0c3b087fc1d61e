import type { Profile } from '../services/profile-stores.ts'
import { chunksOf } from '../lib/chunk.ts'
import type { Origin, SessionRecord } from '../model/records.ts'
import { cut, isBetween, newestFirst, passes } from '../storage/keyset-pagination.ts'
import type {
  ConversationEntry,
  ConversationFilter,
  ConversationPage,
  PageRequest,
  SegmentRange,
  SessionFilter,
  SessionKey,
} from '../storage/session-reader.ts'
import type { Sessions } from './session-repository.ts'

/** All sessions that continue one root, as one. */
export interface Conversation extends Omit<ConversationEntry, 'rootId' | 'tipId'> {
  readonly root: SessionRecord
  readonly tip: SessionRecord
}

export type ConversationsFilter = Omit<SessionFilter, 'ids'> & { readonly origin?: Origin }

const chunk = 500 // ids a query
const retries = 3 // a session can go between two reads

/**
 * The conversations of a profile. Those that lie in one of its databases alone are listed by that one; those that cross,
 * by Hermes' index, which follows both. So the two lists have no conversation in common.
 */
export class Conversations {
  readonly #profile: Profile
  readonly #sessions: Sessions

  constructor(profile: Profile, sessions: Sessions) {
    this.#profile = profile
    this.#sessions = sessions
  }

  /** A page of those that have a message, newest message first; the ids of their keys are their roots'. */
  async page(page: PageRequest<SessionKey>, filter: ConversationsFilter): Promise<Conversation[]> {
    for (let left = retries; ; left--) {
      const pages = await this.#pages(page, filter)
      const entries = pages.flatMap((each) => each.entries).toSorted(byActivity)
      const wanted = cut(entries, page)
      const found = await this.#whole(
        wanted,
        pages.flatMap((each) => each.sessions),
      )
      if (found.length === wanted.length || left === 0) return found
    }
  }

  /** The conversation of each of these sessions, one without a message too. */
  async of(sessions: readonly SessionRecord[]): Promise<Map<string, Conversation>> {
    const { own, hermes } = this.#profile
    const entries = new Map<string, ConversationEntry>()
    for (const some of chunksOf(sessions, chunk)) {
      const ids = some.map(({ id }) => id)
      for (const [id, entry] of await own.conversationsOf(ids)) entries.set(id, entry)
      const others = ids.filter((id) => entries.get(id)?.isElsewhere ?? true)
      if (!hermes || others.length === 0) continue
      for (const [id, entry] of await hermes.conversationsOf(others)) entries.set(id, entry)
    }
    const found = await this.#whole([...entries.values()], sessions)
    const byRoot = new Map(found.map((conversation) => [conversation.root.id, conversation]))
    return new Map(
      [...entries].flatMap(([id, { rootId }]): [string, Conversation][] => {
        const conversation = byRoot.get(rootId)
        return conversation ? [[id, conversation]] : []
      }),
    )
  }

  /** The sessions of a conversation, oldest first: its root, then the others by their start. At most 1,000 a call. */
  async segments({ root }: Conversation, range: SegmentRange): Promise<SessionRecord[]> {
    const { own, hermes } = this.#profile
    const source = root.origin === 'SEGUE' ? own : hermes
    const ids = (await source?.segmentIds(root.id, range)) ?? []
    const rows = await this.#sessions.byId(ids)
    return ids.flatMap((id) => rows.get(id) ?? [])
  }

  async #pages(page: PageRequest<SessionKey>, { origin, ...filter }: ConversationsFilter): Promise<ConversationPage[]> {
    const { own, hermes } = this.#profile
    const crossing: ConversationFilter = { ...filter, ...(origin && { elsewhere: origin === 'SEGUE' }) }
    // Ours first: Hermes' index follows what ours says of those that cross.
    const ours = await own.conversationPage(page, { ...filter, elsewhere: false })
    const theirs = (await hermes?.conversationPage(page, crossing)) ?? null
    // Without Hermes, what is kept here of those that cross stands alone.
    const alone = theirs ? null : await own.conversationPage(page, { ...filter, elsewhere: true })
    const ofOrigin = origin === 'HERMES' ? [theirs] : [ours, theirs, alone]
    return ofOrigin.filter((each) => each !== null)
  }

  /** Entries with their roots and tips; without those of which either is gone. */
  async #whole(entries: readonly ConversationEntry[], known: readonly SessionRecord[]): Promise<Conversation[]> {
    const rows = new Map(known.map((row) => [row.id, row]))
    const missing = new Set(entries.flatMap(({ rootId, tipId }) => [rootId, tipId]).filter((id) => !rows.has(id)))
    if (missing.size > 0) for (const [id, row] of await this.#sessions.byId([...missing])) rows.set(id, row)
    return entries.flatMap(({ rootId, tipId, ...entry }) => {
      const [root, tip] = [rows.get(rootId), rows.get(tipId)]
      return root && tip ? { ...entry, root, tip } : []
    })
  }
}

/** A page of some conversations, those without a message left out. Whoever names one need not ask for its channel. */
export function pageOfNamed(
  named: readonly Conversation[],
  page: PageRequest<SessionKey>,
  { origin, ...filter }: ConversationsFilter,
): Conversation[] {
  const keyOf = ({ root, lastActivityAt }: Conversation): SessionKey => ({ id: root.id, lastActivityAt })
  const found = named
    .filter(({ tip, isEmpty }) => !isEmpty && passes(tip, filter) && (origin ?? tip.origin) === tip.origin)
    .filter((each) => isBetween(keyOf(each), page))
    .sort((a, b) => newestFirst(keyOf(a), keyOf(b)))
  return cut(found, page)
}

function byActivity(a: ConversationEntry, b: ConversationEntry): number {
  return newestFirst({ ...a, id: a.rootId }, { ...b, id: b.rootId })
}

const idPrefix = 'cnv_'

export function conversationId(rootId: string): string {
  return `${idPrefix}${rootId}`
}

/** The root's id in the id of a conversation; null for what is none. */
export function rootIdIn(id: string): string | null {
  return id.startsWith(idPrefix) ? id.slice(idPrefix.length) : null
}

/** A number that is put behind a title to make another one of it. */
const copyNumber = / #\d+$/

/**
 * What a conversation is called: its root's title, unless a person has given its tip another one. A continuation
 * inherits its parent's title, at times with a number behind it, and models make titles of their own: neither counts.
 */
export function conversationTitle({ root, tip }: Conversation): string | null {
  if (root.title === null) return tip.title
  const isRenamed =
    tip.title !== null &&
    (tip.titleSource ?? 'PERSON') === 'PERSON' &&
    tip.title.replace(copyNumber, '') !== root.title.replace(copyNumber, '')
  return isRenamed ? tip.title : root.title
}
