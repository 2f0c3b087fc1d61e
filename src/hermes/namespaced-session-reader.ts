import { kindOfId } from '../lib/ids.ts'
import type { MessagePart, MessageRecord, SessionRecord } from '../model/records.ts'
import type {
  ChangedConversation,
  ConversationEntry,
  ConversationFilter,
  ConversationPage,
  PageRequest,
  SegmentRange,
  SessionFilter,
  SessionKey,
  SessionSource,
} from '../storage/session-reader.ts'

/** As its own ids go, so that nothing comes behind it: no text of people begins with what is no character. */
const behindAll = '\u{10FFFF}'

/** Gives the ids of a source a prefix on their way out, and takes it off on their way in. */
export class IdPrefix {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** Of a session, of a message, of a call: whatever begins with a session's id. One that was made here stays as it is. */
  add(id: string): string {
    return kindOfId(id) === null ? this.#prefix + id : id
  }

  /** The id as the source knows it; null for one that is none of its. */
  strip(id: string): string | null {
    if (kindOfId(id) !== null) return id
    return id.startsWith(this.#prefix) ? id.slice(this.#prefix.length) : null
  }

  conversation(entry: ConversationEntry): ConversationEntry {
    return { ...entry, rootId: this.add(entry.rootId), tipId: this.add(entry.tipId) }
  }

  /** Those that may be the source's. */
  stripAll(ids: readonly string[]): string[] {
    return ids.flatMap((id) => this.strip(id) ?? [])
  }

  session(row: SessionRecord): SessionRecord {
    return {
      ...row,
      id: this.add(row.id),
      parentId: row.parentId === null ? null : this.add(row.parentId),
      notContinuationOf: row.notContinuationOf.map((id) => this.add(id)),
      forkedFrom: row.forkedFrom === null ? null : this.add(row.forkedFrom),
    }
  }

  message(row: MessageRecord): MessageRecord {
    return {
      ...row,
      id: this.add(row.id),
      sessionId: this.add(row.sessionId),
      parts: row.parts.map((part) => this.#part(part)),
    }
  }

  filter<Filter extends SessionFilter>({ ids, ...filter }: Filter) {
    return { ...filter, ...(ids && { ids: this.stripAll(ids) }) }
  }

  page({ after, before, ...page }: PageRequest<SessionKey>): PageRequest<SessionKey> {
    return { ...page, after: after && this.#key(after), before: before && this.#key(before) }
  }

  /** A key of another source cuts this one's list before all of its ids, or behind them: they all begin alike. */
  #key({ lastActivityAt, id }: SessionKey): SessionKey {
    const own = id.startsWith(this.#prefix) ? id.slice(this.#prefix.length) : null
    const isGreater = Buffer.compare(Buffer.from(id), Buffer.from(this.#prefix)) > 0
    return { lastActivityAt, id: own ?? (isGreater ? behindAll : '') }
  }

  #part(part: MessagePart): MessagePart {
    return part.type === 'tool' ? { ...part, call: { ...part.call, id: this.add(part.call.id) } } : part
  }
}

/** The sessions of another source under ids that tell them from those of any other profile. */
export class PrefixedSessions implements SessionSource {
  readonly #source: SessionSource
  readonly #ids: IdPrefix

  constructor(source: SessionSource, prefix: string) {
    this.#source = source
    this.#ids = new IdPrefix(prefix)
  }

  get origin(): SessionSource['origin'] {
    return this.#source.origin
  }

  async sessionsById(ids: readonly string[]): Promise<SessionRecord[]> {
    const own = this.#ids.stripAll(ids)
    return own.length === 0 ? [] : this.#sessions(this.#source.sessionsById(own))
  }

  async sessionPage(page: PageRequest<SessionKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    return this.#sessions(this.#source.sessionPage(this.#ids.page(page), this.#ids.filter(filter)))
  }

  async messageCounts(ids: readonly string[]): Promise<Map<string, number>> {
    const own = this.#ids.stripAll(ids)
    const counts = own.length === 0 ? [] : await this.#source.messageCounts(own)
    return new Map([...counts].map(([id, count]) => [this.#ids.add(id), count]))
  }

  async messagePage(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    return this.#messages(sessionId, (own) => this.#source.messagePage(own, page))
  }

  async message(id: string): Promise<MessageRecord | null> {
    const own = this.#ids.strip(id)
    const message = own === null ? null : await this.#source.message(own)
    return message && this.#ids.message(message)
  }

  async contextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#messages(sessionId, (own) => this.#source.contextMessages(own))
  }

  async conversationPage(page: PageRequest<SessionKey>, filter: ConversationFilter): Promise<ConversationPage | null> {
    const found = await this.#source.conversationPage(this.#ids.page(page), filter)
    if (!found) return null
    return {
      entries: found.entries.map((entry) => this.#ids.conversation(entry)),
      sessions: found.sessions.map((row) => this.#ids.session(row)),
    }
  }

  async conversationsOf(sessionIds: readonly string[]): Promise<Map<string, ConversationEntry>> {
    const own = this.#ids.stripAll(sessionIds)
    const found = own.length === 0 ? [] : await this.#source.conversationsOf(own)
    return new Map([...found].map(([id, entry]) => [this.#ids.add(id), this.#ids.conversation(entry)]))
  }

  async segmentIds(rootId: string, range: SegmentRange): Promise<string[]> {
    const own = this.#ids.strip(rootId)
    return own === null ? [] : (await this.#source.segmentIds(own, range)).map((id) => this.#ids.add(id))
  }

  onChanged(listener: (changed: readonly ChangedConversation[] | null) => void): void {
    this.#source.onChanged((changed) =>
      listener(changed && changed.map((each) => ({ ...each, rootId: this.#ids.add(each.rootId) }))),
    )
  }

  catchUp(): Promise<void> {
    return this.#source.catchUp()
  }

  async #sessions(rows: Promise<SessionRecord[]>): Promise<SessionRecord[]> {
    return (await rows).map((row) => this.#ids.session(row))
  }

  async #messages(sessionId: string, ask: (own: string) => Promise<MessageRecord[]>): Promise<MessageRecord[]> {
    const own = this.#ids.strip(sessionId)
    return own === null ? [] : (await ask(own)).map((row) => this.#ids.message(row))
  }
}
