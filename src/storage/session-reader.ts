import type { MessageRecord } from '../model/message.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionFilter, SessionKey } from '../model/session-filter.ts'
import type { Origin, SessionRecord } from '../model/session.ts'

export interface ConversationFilter extends Omit<SessionFilter, 'ids'> {
  /** Only those that are elsewhere in part, or only the others. */
  readonly crossOrigin?: boolean
}

/** A conversation as one source lists it. */
export interface ConversationSummary {
  readonly rootId: string
  /** Of all its sessions the one with the newest message. */
  readonly tipId: string
  readonly segmentCount: number
  /** The newest message's time; its tip's start while it has none. */
  readonly lastActivityAt: number
  /** It has no message. */
  readonly isEmpty: boolean
  /** A part of it is kept by the other source, as this one tells it. */
  readonly isCrossOrigin: boolean
}

/** A page of conversations, and the rows of roots and tips that the source keeps itself. */
export interface ConversationPage {
  readonly conversations: readonly ConversationSummary[]
  readonly sessions: readonly SessionRecord[]
}

/**
 * A conversation of which something is shown another way than before, by its root. `before` and `after` tell where it was
 * and is listed: here under its root's id, elsewhere under whatever id it has there, or not at all.
 */
export interface ConversationChange {
  readonly rootId: string
  readonly before: 'here' | 'elsewhere' | null
  readonly after: 'here' | 'elsewhere' | null
}

/** Sessions and their messages, whoever keeps them. Every method answers with what there is; an unknown id is left out. */
export interface SessionReader {
  readonly origin: Origin
  /** Rows by id, in no order. At most 500 ids a call. */
  findSessions(ids: readonly string[]): Promise<SessionRecord[]>
  /** A page of all sessions that pass the filter. At most 1,001 rows a call. */
  listSessions(page: PageRequest<SessionKey>, filter: SessionFilter): Promise<SessionRecord[]>
  /** How many messages `messagePage` would list in all, for each id. At most 500 ids a call. */
  countMessages(ids: readonly string[]): Promise<Map<string, number>>
  /** A page of a session's messages, oldest first, by position. At most 1,001 a call. */
  listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]>
  findMessage(id: string): Promise<MessageRecord | null>

  /** Messages by id, in no order. */
  findMessages(ids: readonly string[]): Promise<MessageRecord[]>
  /** What the session hands on as context to the session that continues it, oldest first. */
  loadContextMessages(sessionId: string): Promise<MessageRecord[]>
  /**
   * A page of the conversations that have a message, newest message first; the ids of their keys are their roots'. Null
   * when they cannot be told now. At most 1,001 a call.
   */
  listConversations(page: PageRequest<SessionKey>, filter: ConversationFilter): Promise<ConversationPage | null>
  /** The conversation of each of these sessions, one without a message too. At most 500 ids a call. */
  findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationSummary>>
  /** Ids of a conversation's sessions: its root, then the others by their start. At most 1,000 a call. */
  listConversationSessionIds(rootId: string, range: OffsetRange): Promise<string[]>
  /** Calls with the conversations that have changed, by whoever's hand; with null where any may have. */
  onConversationsChanged(listener: (changed: readonly ConversationChange[] | null) => void): void
  /** Resolves once all that has happened before the call was told to whoever listens. Rejects when that cannot be had. */
  refresh(): Promise<void>
}

export interface OffsetRange {
  readonly offset: number
  readonly limit: number
}
