import { createBadInputError } from '../lib/errors.ts'
import { parseIdKind } from '../lib/ids.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../storage/idempotency-key.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { ContextCheckpoint } from '../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../model/message.ts'
import type { Origin, SessionRecord } from '../model/session.ts'
import type { PageRequest } from '../lib/pagination.ts'
import { filtersByFlags, type SessionFilter, type SessionSortKey } from '../model/session-filter.ts'
import type { SessionReader } from '../storage/sessions/session-reader.ts'
import { isContinuable, maxChainLength } from '../model/conversation/lineage.ts'
import { inheritTitle, normalizeTitle } from '../model/conversation/title.ts'
import { compareQualifiedByActivity } from './compare-qualified-by-activity.ts'
import { inheritModelSettings } from './inherit-model-settings.ts'
import { mergePages } from './merge-pages.ts'
import { newSession } from './new-session.ts'
import { loadSessionContext, type SessionContextReader, type SessionContextRecords } from './session-context.ts'

export interface NewSessionParams {
  readonly title: string | null
  readonly model: string | null
  /** Its own instructions. Null or left out: those of the session that it continues, else those of the profile. */
  readonly instructions?: string | null
  /** Its effort. Null or left out: that of the session that it continues, else the model's own default. */
  readonly effort?: string | null
  /** The id of the session to continue. */
  readonly continues: string | null
}

/** The sessions of a profile, from Segue and from Hermes. */
export class CombinedSessionRepository {
  readonly #profile: ProfileStorage

  constructor(profile: ProfileStorage) {
    this.#profile = profile
  }

  async find(id: string): Promise<SessionRecord | null> {
    return (await this.findMany([id])).get(id) ?? null
  }

  /** Finds sessions by id. Looks up Segue ids in Segue first, and everything not found in Hermes. */
  async findMany(ids: readonly string[]): Promise<Map<string, SessionRecord>> {
    const { segueSessions, hermesSessions } = this.#profile
    const found = new Map<string, SessionRecord>()
    const readFrom = async (reader: SessionReader, wantedIds: readonly string[]): Promise<void> => {
      for (const session of await reader.findSessions(wantedIds)) found.set(session.id, session)
    }
    const segueIds = ids.filter((id) => parseIdKind(id) === 'session')
    await readFrom(segueSessions, segueIds)
    const otherIds = ids.filter((id) => !found.has(id))
    if (hermesSessions) await readFrom(hermesSessions, otherIds)
    return found
  }

  /** Of each session whose place retries take, the oldest of them, by the id of that session, which may be gone. */
  async findOldestRetries(placeIds: readonly string[]): Promise<Map<string, SessionRecord>> {
    const retries = await this.#profile.eventStore.findOldestRetries(placeIds)
    return new Map(retries.flatMap((retry) => (retry.takesPlaceOf === null ? [] : [[retry.takesPlaceOf, retry]])))
  }

  /** Lists a page of the sessions of both origins, newest activity first. */
  async listPage(
    page: PageRequest<SessionSortKey>,
    filter: SessionFilter & { readonly origin?: Origin },
  ): Promise<SessionRecord[]> {
    const { hermesSessions } = this.#profile
    const pages = await Promise.all([
      // First: it brings the index up to date in which the other one looks up flags.
      filter.origin === 'SEGUE' ? [] : (hermesSessions?.listSessions(page, filter) ?? []),
      filter.origin === 'HERMES' ? [] : this.#listSeguePage(page, filter),
    ])
    return mergePages(pages, page, compareQualifiedByActivity)
  }

  async #listSeguePage(page: PageRequest<SessionSortKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    const { segueSessions, listFlagsFromHermes } = this.#profile
    return segueSessions.listSessions(page, filter, filtersByFlags(filter) ? await listFlagsFromHermes() : undefined)
  }

  async countMessages(sessions: readonly SessionRecord[]): Promise<Map<string, number>> {
    const { segueSessions, hermesSessions } = this.#profile
    const counts = new Map<string, number>()
    for (const reader of [segueSessions, hermesSessions]) {
      const ids = sessions.filter(({ origin }) => origin === reader?.origin).map(({ id }) => id)
      if (!reader || ids.length === 0) continue
      for (const [id, count] of await reader.countMessages(ids)) counts.set(id, count)
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

  /** What a model is sent before the session's next turn. */
  async loadContext(session: SessionRecord): Promise<SessionContextRecords> {
    const findCheckpoint = (each: SessionRecord) => this.findCheckpoint(each)
    return loadSessionContext(session, { ...this.#contextReader, findCheckpoint })
  }

  /** The checkpoint that is stored with a session, whether the messages that it stands for are there or not. */
  async findCheckpoint({ id, origin }: SessionRecord): Promise<ContextCheckpoint | null> {
    return origin === 'SEGUE' ? this.#profile.eventStore.findContextCheckpoint(id) : null
  }

  /** The same without checkpoints: it begins with a summary only if people see it as a message. */
  async loadContextWithoutCheckpoints(session: SessionRecord): Promise<SessionContextRecords> {
    return loadSessionContext(session, { ...this.#contextReader, findCheckpoint: async () => null })
  }

  get #contextReader(): Omit<SessionContextReader, 'findCheckpoint'> {
    return {
      findSession: (id) => this.find(id),
      loadMessages: async (session) => (await this.#readerFor(session)?.loadContextMessages(session.id)) ?? [],
    }
  }

  /** Creates a Segue session. Throws BAD_USER_INPUT if the session to continue cannot be continued. */
  async create(
    { title, model, instructions = null, effort = null, continues }: NewSessionParams,
    idempotencyKey: IdempotencyKey | null = null,
  ): Promise<SessionRecord> {
    const parent = continues === null ? null : await this.#requireContinuable(continues)
    const segueParent = parent?.origin === 'SEGUE' ? parent : null
    const inherited = segueParent && inheritModelSettings(segueParent)
    const session = newSession({
      profile: this.#profile.name,
      ...(title === null ? inheritTitle(parent) : { title: normalizeTitle(title), titleSource: 'PERSON' }),
      model: model ?? inherited?.model ?? null,
      instructions: instructions ?? inherited?.instructions ?? null,
      effort: effort ?? inherited?.effort ?? null,
      parentId: parent?.id ?? null,
      at: Date.now(),
    })
    await this.#profile.eventStore.createSession({
      session,
      messages: [],
      idempotencyKey: idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: session.id }),
      ...(segueParent && { moveApprovalRulesFrom: segueParent.id }),
    })
    return session
  }

  async #requireContinuable(id: string): Promise<SessionRecord> {
    const parent = await this.find(id)
    if (!parent)
      throw createBadInputError(`There is no session ${JSON.stringify(id)} to continue.`, 'input', 'continues')
    if (isContinuable(parent)) return parent
    const state = parent.endReason === null ? 'has not ended' : `ended with ${JSON.stringify(parent.endReason)}`
    throw createBadInputError(
      `The session ${state}. Only one that ended with "compression" or "cli_close" can be continued.`,
      'input',
      'continues',
    )
  }

  /** Finds the end of the chain of Segue sessions that continues this one. */
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
