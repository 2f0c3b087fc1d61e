import { badInput } from '../lib/errors.ts'
import { kindOfId, newId } from '../lib/ids.ts'
import type { Profile } from '../services/profile-stores.ts'
import { chunksOf } from '../lib/chunk.ts'
import { type MessageRecord, noUsage, type Origin, type SessionRecord } from '../model/records.ts'
import { cut, newestFirst } from '../storage/keyset-pagination.ts'
import type { PageRequest, SessionFilter, SessionKey, SessionSource } from '../storage/session-reader.ts'
import { mostHops } from '../model/lineage.ts'
import { canBeContinued } from './load-lineage.ts'

export interface NewSession {
  readonly title: string | null
  readonly model: string | null
  /** The id of the session that it continues. */
  readonly continues: string | null
}

const chunk = 500 // ids a query
const titleLimit = 200 // UTF-16 code units

/** The sessions of a profile, of both origins. */
export class Sessions {
  readonly #profile: Profile

  constructor(profile: Profile) {
    this.#profile = profile
  }

  async find(id: string): Promise<SessionRecord | null> {
    return (await this.byId([id])).get(id) ?? null
  }

  /** Ids that were made here are looked for here first; the rest is Hermes' or nothing. Read in chunks of 500. */
  async byId(ids: readonly string[]): Promise<Map<string, SessionRecord>> {
    const { own, hermes } = this.#profile
    const found = new Map<string, SessionRecord>()
    const look = async (source: SessionSource, wanted: readonly string[]): Promise<void> => {
      for (const some of chunksOf(wanted, chunk)) {
        for (const row of await source.sessionsById(some)) found.set(row.id, row)
      }
    }
    const ours = ids.filter((id) => kindOfId(id) === 'session')
    await look(own, ours)
    const others = ids.filter((id) => !found.has(id))
    if (hermes) await look(hermes, others)
    return found
  }

  /** A page over both origins, newest activity first. */
  async page(
    page: PageRequest<SessionKey>,
    filter: SessionFilter & { readonly origin?: Origin },
  ): Promise<SessionRecord[]> {
    const { own, hermes } = this.#profile
    const sources = [own, hermes].filter(
      (source) => source !== null && (filter.origin ?? source.origin) === source.origin,
    )
    const pages = await Promise.all(sources.map((source) => source?.sessionPage(page, filter) ?? []))
    return cut(pages.flat().toSorted(newestFirst), page)
  }

  async messageCounts(sessions: readonly SessionRecord[]): Promise<Map<string, number>> {
    const { own, hermes } = this.#profile
    const counts = new Map<string, number>()
    for (const source of [own, hermes]) {
      const ids = sessions.filter(({ origin }) => origin === source?.origin).map(({ id }) => id)
      if (!source || ids.length === 0) continue
      for (const [id, count] of await source.messageCounts(ids)) counts.set(id, count)
    }
    return counts
  }

  async messagePage(session: SessionRecord, page: PageRequest<number>): Promise<MessageRecord[]> {
    return (await this.#keeper(session)?.messagePage(session.id, page)) ?? []
  }

  async message(id: string): Promise<MessageRecord | null> {
    const { own, hermes } = this.#profile
    if (kindOfId(id) === 'message') return own.message(id)
    return (await hermes?.message(id)) ?? null
  }

  /**
   * All that the model knows of the chat when the session's next turn begins: what the session continues, then its own.
   * A summary stands for all that was before it.
   */
  async context(session: SessionRecord): Promise<MessageRecord[]> {
    const own = (await this.#keeper(session)?.contextMessages(session.id)) ?? []
    if (session.origin !== 'SEGUE' || session.parentId === null || own[0]?.summary) return own
    const parent = await this.find(session.parentId)
    return parent ? [...(await this.context(parent)), ...own] : own
  }

  /** Throws BAD_USER_INPUT when it cannot continue what it should. */
  async create({ title, model, continues }: NewSession): Promise<SessionRecord> {
    const parent = continues === null ? null : await this.#continuable(continues)
    const own = parent?.origin === 'SEGUE' ? parent : null
    const session = newSession({
      profile: this.#profile.name,
      ...(title === null ? titleOf(parent) : { title: cleanTitle(title), titleSource: 'PERSON' }),
      model: model ?? own?.model ?? null,
      parentId: parent?.id ?? null,
      // A conversation that a person keeps at the top stays there when it goes on here.
      pinned: parent?.pinned ?? false,
      at: Date.now(),
    })
    await this.#profile.chats.createSession({ session, messages: [], ...(own && { grantsOf: own.id }) })
    return session
  }

  async #continuable(id: string): Promise<SessionRecord> {
    const parent = await this.find(id)
    if (!parent)
      throw badInput(`There is no session with the id ${JSON.stringify(id)} to continue.`, 'input', 'continues')
    if (canBeContinued(parent)) return parent
    const state = parent.endReason === null ? 'has not ended' : `ended with ${JSON.stringify(parent.endReason)}`
    throw badInput(
      `Only a session that ended with "compression" or "cli_close" can be continued; this one ${state}.`,
      'input',
      'continues',
    )
  }

  /** Where the chat goes on that was held in this session: the end of the chain that continues it. */
  async tip(session: SessionRecord): Promise<SessionRecord> {
    let tip = session
    for (let hop = 0; hop < mostHops && tip.endedAt !== null; hop += 1) {
      const next = await this.#profile.chats.successorOf(tip.id)
      if (!next) break
      tip = next
    }
    return tip
  }

  #keeper(session: SessionRecord): SessionSource | null {
    return session.origin === 'SEGUE' ? this.#profile.own : this.#profile.hermes
  }
}

/** A session of our own that begins now. */
export function newSession({
  at,
  ...given
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
    ...given,
  }
}

/** What a session hands on to another one. Whoever gave it in Hermes, it counts as a person's: no model replaces it. */
export function titleOf(session: SessionRecord | null): Pick<SessionRecord, 'title' | 'titleSource'> {
  const title = session?.title ?? null
  const given = session?.origin === 'HERMES' ? null : session?.titleSource
  return { title, titleSource: title === null ? null : (given ?? 'PERSON') }
}

/** One line without control characters. Throws BAD_USER_INPUT for an empty or too long one. */
export function cleanTitle(title: string): string {
  const clean = title
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  if (clean === '') throw badInput('A title needs at least one character that can be seen.', 'input', 'title')
  if (clean.length > titleLimit) throw badInput(`A title has at most ${titleLimit} characters.`, 'input', 'title')
  return clean
}
