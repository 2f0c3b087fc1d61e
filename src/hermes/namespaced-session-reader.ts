import type { MessagePart, MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type {
  ConversationChange,
  ConversationCount,
  ConversationListEntry,
  ConversationFilter,
  ConversationPage,
  OffsetPagination,
} from '../storage/sessions/conversation-reader.ts'
import type { SessionReader } from '../storage/sessions/session-reader.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionFilter, SessionSortKey } from '../model/session-filter.ts'
import { compareUtf8 } from '../lib/text/compare-utf8.ts'
import { ProfileIdNamespace, toSortableId } from '../profiles/profile-id-namespace.ts'

/** Sorts after every valid id: U+10FFFF is a noncharacter and cannot start an id. */
const maxId = '\u{10FFFF}'

/** Adds the namespace of a profile to the records of its Hermes agent, and removes it from the ids in requests. */
export class HermesIdNamespace extends ProfileIdNamespace {
  qualifyConversation(entry: ConversationListEntry): ConversationListEntry {
    const { rootId, tipId, attentionSessionId } = entry
    return {
      ...entry,
      rootId: this.qualify(rootId),
      tipId: this.qualify(tipId),
      attentionSessionId: attentionSessionId === null ? null : this.qualify(attentionSessionId),
    }
  }

  qualifySession(row: SessionRecord): SessionRecord {
    return {
      ...row,
      id: this.qualify(row.id),
      parentId: row.parentId === null ? null : this.qualify(row.parentId),
      notContinuationOf: row.notContinuationOf.map((id) => this.qualify(id)),
      forkedFrom: row.forkedFrom === null ? null : this.qualify(row.forkedFrom),
    }
  }

  qualifyMessage(row: MessageRecord): MessageRecord {
    const [id, sessionId] = [this.qualify(row.id), this.qualify(row.sessionId)]
    if (id === row.id && sessionId === row.sessionId) return row
    return {
      ...row,
      id,
      sessionId,
      parts: row.parts.map((part) => this.#qualifyPart(part)),
    }
  }

  unqualifyFilter<Filter extends SessionFilter>({ ids, ...filter }: Filter) {
    return { ...filter, ...(ids && { ids: this.unqualifyAll(ids) }) }
  }

  unqualifyPage({ after, before, ...page }: PageRequest<SessionSortKey>): PageRequest<SessionSortKey> {
    return { ...page, after: after && this.#unqualifyKey(after), before: before && this.#unqualifyKey(before) }
  }

  /** The ids of a named profile have the same prefix, so a key of another source is before or after all of them. */
  #unqualifyKey({ lastActivityAt, id }: SessionSortKey): SessionSortKey {
    if (this.isDefault) return { lastActivityAt, id: toSortableId(id) }
    const localId = id.startsWith(this.prefix) ? this.unqualify(id) : null
    const isGreater = compareUtf8(id, this.prefix) > 0
    return { lastActivityAt, id: localId ?? (isGreater ? maxId : '') }
  }

  #qualifyPart(part: MessagePart): MessagePart {
    return part.type === 'tool' ? { ...part, call: { ...part.call, id: this.qualify(part.call.id) } } : part
  }
}

/** A session reader whose ids carry the namespace of a profile. */
export class NamespacedSessionReader implements SessionReader {
  readonly #source: SessionReader
  readonly #namespace: HermesIdNamespace

  constructor(source: SessionReader, profile: string) {
    this.#source = source
    this.#namespace = new HermesIdNamespace(profile)
  }

  get origin(): SessionReader['origin'] {
    return this.#source.origin
  }

  async findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    const localIds = this.#namespace.unqualifyAll(ids)
    return localIds.length === 0 ? [] : this.#qualifySessions(this.#source.findSessions(localIds))
  }

  async listSessions(page: PageRequest<SessionSortKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    return this.#qualifySessions(
      this.#source.listSessions(this.#namespace.unqualifyPage(page), this.#namespace.unqualifyFilter(filter)),
    )
  }

  async countMessages(ids: readonly string[]): Promise<Map<string, number>> {
    const localIds = this.#namespace.unqualifyAll(ids)
    const counts = localIds.length === 0 ? [] : await this.#source.countMessages(localIds)
    return new Map([...counts].map(([id, count]) => [this.#namespace.qualify(id), count]))
  }

  async listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    return this.#readMessages(sessionId, (localId) => this.#source.listMessages(localId, page))
  }

  async findMessage(id: string): Promise<MessageRecord | null> {
    const localId = this.#namespace.unqualify(id)
    const message = localId === null ? null : await this.#source.findMessage(localId)
    return message && this.#namespace.qualifyMessage(message)
  }

  async findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    const localIds = this.#namespace.unqualifyAll(ids)
    const messages = localIds.length === 0 ? [] : await this.#source.findMessages(localIds)
    return messages.map((message) => this.#namespace.qualifyMessage(message))
  }

  async loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#readMessages(sessionId, (localId) => this.#source.loadContextMessages(localId))
  }

  async listConversations(
    page: PageRequest<SessionSortKey>,
    filter: ConversationFilter,
  ): Promise<ConversationPage | null> {
    const found = await this.#source.listConversations(this.#namespace.unqualifyPage(page), filter)
    if (!found) return null
    return {
      conversations: found.conversations.map((entry) => this.#namespace.qualifyConversation(entry)),
      sessions: found.sessions.map((row) => this.#namespace.qualifySession(row)),
    }
  }

  countConversations(filter: ConversationFilter): Promise<ConversationCount[] | null> {
    return this.#source.countConversations(filter)
  }

  async findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationListEntry>> {
    const localIds = this.#namespace.unqualifyAll(sessionIds)
    const found = localIds.length === 0 ? [] : await this.#source.findConversationsBySession(localIds)
    return new Map(
      [...found].map(([id, entry]) => [this.#namespace.qualify(id), this.#namespace.qualifyConversation(entry)]),
    )
  }

  async findContinuations(sessionIds: readonly string[]): Promise<Map<string, string>> {
    const localIds = this.#namespace.unqualifyAll(sessionIds)
    const found = localIds.length === 0 ? [] : await this.#source.findContinuations(localIds)
    return new Map(
      [...found].map(([id, continuationId]) => [this.#namespace.qualify(id), this.#namespace.qualify(continuationId)]),
    )
  }

  async listConversationSessionIds(rootId: string, range: OffsetPagination): Promise<string[]> {
    const localId = this.#namespace.unqualify(rootId)
    return localId === null
      ? []
      : (await this.#source.listConversationSessionIds(localId, range)).map((id) => this.#namespace.qualify(id))
  }

  onConversationsChanged(listener: (changed: readonly ConversationChange[] | null) => void): void {
    this.#source.onConversationsChanged((changed) =>
      listener(changed && changed.map((each) => this.#qualifyChange(each))),
    )
  }

  refresh(): Promise<void> {
    return this.#source.refresh()
  }

  async #qualifySessions(rows: Promise<SessionRecord[]>): Promise<SessionRecord[]> {
    return (await rows).map((row) => this.#namespace.qualifySession(row))
  }

  async #readMessages(
    sessionId: string,
    read: (localId: string) => Promise<MessageRecord[]>,
  ): Promise<MessageRecord[]> {
    const localId = this.#namespace.unqualify(sessionId)
    return localId === null ? [] : (await read(localId)).map((row) => this.#namespace.qualifyMessage(row))
  }

  #qualifyChange({ rootId, successorId, ...change }: ConversationChange): ConversationChange {
    const qualify = (id: string) => this.#namespace.qualify(id)
    return {
      ...change,
      rootId: qualify(rootId),
      ...(successorId !== undefined && { successorId: qualify(successorId) }),
    }
  }
}
