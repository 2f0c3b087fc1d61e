import { badInput } from '../lib/errors.ts'
import { parseIdKind, newId } from '../lib/ids.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { chunkArray } from '../lib/chunk-array.ts'
import type { MessageRecord } from '../model/message.ts'
import { noUsage } from '../model/usage.ts'
import type { Origin, SessionRecord } from '../model/session.ts'
import { takePage, compareByActivity } from '../storage/keyset-pagination.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionFilter, SessionKey } from '../model/session-filter.ts'
import type { SessionReader } from '../storage/session-reader.ts'
import { continuesSession, isContinuable, maxChainLength } from '../model/lineage.ts'

export interface CreateSessionInput {
  readonly title: string | null
  readonly model: string | null
  /** The id of the session that it continues. */
  readonly continues: string | null
}

const batchSize = 500 // ids a query
const maxTitleLength = 200 // UTF-16 code units

/** The sessions of a profile, of both origins. */
export class SessionRepository {
  readonly #profile: ProfileStorage

  constructor(profile: ProfileStorage) {
    this.#profile = profile
  }

  async find(id: string): Promise<SessionRecord | null> {
    return (await this.findMany([id])).get(id) ?? null
  }

  /** Ids that were made here are looked for here first; the rest is Hermes' or nothing. Read in chunks of 500. */
  async findMany(ids: readonly string[]): Promise<Map<string, SessionRecord>> {
    const { segueSessions, hermesSessions } = this.#profile
    const found = new Map<string, SessionRecord>()
    const readFrom = async (source: SessionReader, wanted: readonly string[]): Promise<void> => {
      for (const batch of chunkArray(wanted, batchSize)) {
        for (const row of await source.findSessions(batch)) found.set(row.id, row)
      }
    }
    const segueIds = ids.filter((id) => parseIdKind(id) === 'session')
    await readFrom(segueSessions, segueIds)
    const otherIds = ids.filter((id) => !found.has(id))
    if (hermesSessions) await readFrom(hermesSessions, otherIds)
    return found
  }

  /** A page over both origins, newest activity first. */
  async listPage(
    page: PageRequest<SessionKey>,
    filter: SessionFilter & { readonly origin?: Origin },
  ): Promise<SessionRecord[]> {
    const { segueSessions, hermesSessions } = this.#profile
    const sources = [segueSessions, hermesSessions].filter(
      (source) => source !== null && (filter.origin ?? source.origin) === source.origin,
    )
    const pages = await Promise.all(sources.map((source) => source?.listSessions(page, filter) ?? []))
    return takePage(pages.flat().toSorted(compareByActivity), page)
  }

  async countMessages(sessions: readonly SessionRecord[]): Promise<Map<string, number>> {
    const { segueSessions, hermesSessions } = this.#profile
    const counts = new Map<string, number>()
    for (const source of [segueSessions, hermesSessions]) {
      const ids = sessions.filter(({ origin }) => origin === source?.origin).map(({ id }) => id)
      if (!source || ids.length === 0) continue
      for (const [id, count] of await source.countMessages(ids)) counts.set(id, count)
    }
    return counts
  }

  async listMessages(session: SessionRecord, page: PageRequest<number>): Promise<MessageRecord[]> {
    return (await this.#readerFor(session)?.listMessages(session.id, page)) ?? []
  }

  async findMessage(id: string): Promise<MessageRecord | null> {
    const { segueSessions, hermesSessions } = this.#profile
    if (parseIdKind(id) === 'message') return segueSessions.findMessage(id)
    return (await hermesSessions?.findMessage(id)) ?? null
  }

  /** Messages by id, of both origins, in no order. */
  async findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    const { segueSessions, hermesSessions } = this.#profile
    const { segue = [], hermes = [] } = Object.groupBy(ids, (id) =>
      parseIdKind(id) === 'message' ? 'segue' : 'hermes',
    )
    return [
      ...(segue.length > 0 ? await segueSessions.findMessages(segue) : []),
      ...((hermes.length > 0 && (await hermesSessions?.findMessages(hermes))) || []),
    ]
  }

  /**
   * The messages that a model is sent before the session's next turn: those of the sessions that it continues, then its
   * own. Starts at the newest summary, and follows at most `maxChainLength` parents. A session whose ancestors form a
   * cycle has its own messages only.
   */
  async loadContext(session: SessionRecord): Promise<MessageRecord[]> {
    const ownMessages = await this.#loadContextMessages(session)
    const newestFirst = [ownMessages]
    const visitedIds = new Set([session.id])
    let current = session
    while (visitedIds.size <= maxChainLength && !startsContext(current, newestFirst.at(-1))) {
      const parent = current.parentId === null ? null : await this.find(current.parentId)
      if (!parent || !continuesSession(current, parent)) break
      if (visitedIds.has(parent.id)) return ownMessages
      visitedIds.add(parent.id)
      newestFirst.push(await this.#loadContextMessages(parent))
      current = parent
    }
    return newestFirst.toReversed().flat()
  }

  async #loadContextMessages(session: SessionRecord): Promise<MessageRecord[]> {
    return (await this.#readerFor(session)?.loadContextMessages(session.id)) ?? []
  }

  /** Throws BAD_USER_INPUT when it cannot continue what it should. */
  async create({ title, model, continues }: CreateSessionInput): Promise<SessionRecord> {
    const parent = continues === null ? null : await this.#requireContinuable(continues)
    const segueParent = parent?.origin === 'SEGUE' ? parent : null
    const session = newSession({
      profile: this.#profile.name,
      ...(title === null ? inheritTitle(parent) : { title: normalizeTitle(title), titleSource: 'PERSON' }),
      model: model ?? segueParent?.model ?? null,
      parentId: parent?.id ?? null,
      // A conversation that a person keeps at the top stays there when it goes on here.
      pinned: parent?.pinned ?? false,
      at: Date.now(),
    })
    await this.#profile.eventStore.createSession({
      session,
      messages: [],
      ...(segueParent && { copyGrantsFrom: segueParent.id }),
    })
    return session
  }

  async #requireContinuable(id: string): Promise<SessionRecord> {
    const parent = await this.find(id)
    if (!parent)
      throw badInput(`There is no session with the id ${JSON.stringify(id)} to continue.`, 'input', 'continues')
    if (isContinuable(parent)) return parent
    const state = parent.endReason === null ? 'has not ended' : `ended with ${JSON.stringify(parent.endReason)}`
    throw badInput(
      `Only a session that ended with "compression" or "cli_close" can be continued; this one ${state}.`,
      'input',
      'continues',
    )
  }

  /** Where the chat goes on that was held in this session: the end of the chain that continues it. */
  async findTip(session: SessionRecord): Promise<SessionRecord> {
    let tip = session
    for (let hop = 0; hop < maxChainLength && tip.endedAt !== null; hop += 1) {
      const next = await this.#profile.eventStore.findContinuation(tip.id)
      if (!next) break
      tip = next
    }
    return tip
  }

  #readerFor(session: SessionRecord): SessionReader | null {
    return session.origin === 'SEGUE' ? this.#profile.segueSessions : this.#profile.hermesSessions
  }
}

/** Hermes copies the context into each session. A Segue session holds it all if it begins with a summary. */
function startsContext({ origin }: SessionRecord, messages: readonly MessageRecord[] = []): boolean {
  return origin === 'HERMES' || messages[0]?.summary === true
}

/** A session of our own that begins now. */
export function newSession({
  at,
  ...fields
}: Pick<SessionRecord, 'profile' | 'title' | 'titleSource' | 'model'> &
  Partial<SessionRecord> & { readonly at: number }): SessionRecord {
  return {
    id: newId('session'),
    origin: 'SEGUE',
    source: 'segue',
    startedAt: at,
    endedAt: null,
    endReason: null,
    lastActivityAt: at,
    pinned: false,
    archived: false,
    parentId: null,
    notContinuationOf: [],
    forkedFrom: null,
    headSeq: 0,
    usage: noUsage,
    ...fields,
  }
}

/** What a session hands on to another one. Whoever gave it in Hermes, it counts as a person's: no model replaces it. */
export function inheritTitle(session: SessionRecord | null): Pick<SessionRecord, 'title' | 'titleSource'> {
  const title = session?.title ?? null
  const inheritedSource = session?.origin === 'HERMES' ? null : session?.titleSource
  return { title, titleSource: title === null ? null : (inheritedSource ?? 'PERSON') }
}

/** One line without control characters. Throws BAD_USER_INPUT for an empty or too long one. */
export function normalizeTitle(title: string): string {
  const normalized = title
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  if (normalized === '') throw badInput('A title needs at least one character that can be seen.', 'input', 'title')
  if (normalized.length > maxTitleLength)
    throw badInput(`A title has at most ${maxTitleLength} characters.`, 'input', 'title')
  return normalized
}
