import type { PageRequest } from '../../lib/pagination.ts'
import type { Channel } from '../../model/channel.ts'
import type { Attention } from '../../model/conversation/attention.ts'
import type { SessionFilter, SessionSortKey } from '../../model/session-filter.ts'
import type { SessionRecord } from '../../model/session.ts'

export interface ConversationFilter extends Omit<SessionFilter, 'ids'> {
  /** Only conversations that also have sessions of the other origin, or only the others. */
  readonly crossOrigin?: boolean
}

/** A conversation as one source lists it. */
export interface ConversationListEntry {
  readonly rootId: string
  /** The session with the newest message. */
  readonly tipId: string
  readonly segmentCount: number
  /** Time of the newest message; the start of the tip while there is none. */
  readonly lastActivityAt: number
  /** The title that a person gave it; null for the title of the root. Left out if nobody has given it one. */
  readonly givenTitle?: string | null
  readonly pinned: boolean
  readonly archived: boolean
  /** What it wants of a person, over all of its sessions. */
  readonly attention: Attention
  /** The session that `attention` is about; null for IDLE. */
  readonly attentionSessionId: string | null
  /** Up to when a person has read it, in epoch milliseconds; null if it was never marked. */
  readonly readAt: number | null
  /** Whether it has no message. */
  readonly isEmpty: boolean
  /** Whether it also has sessions of the other origin, as far as this source can tell. */
  readonly isCrossOrigin: boolean
}

/** The title that a person gave to a conversation. */
export interface GivenConversationTitle {
  /** The session with the newest message. */
  readonly tipId: string
  readonly title: string
}

/** A page of conversations, with the rows of those roots and tips that the source holds. */
export interface ConversationPage {
  readonly conversations: readonly ConversationListEntry[]
  readonly sessions: readonly SessionRecord[]
}

/** How many conversations have the same channel and attention. The channel is that of their tips. */
export interface ConversationCount {
  readonly channel: Channel
  readonly attention: Attention
  /** As in `ConversationListEntry`. */
  readonly isCrossOrigin: boolean
  /** At least 1. */
  readonly count: number
}

/**
 * A conversation that lists show differently than before, by its root. `before` and `after` say which source lists it:
 * this one under `rootId`, the other one under its own root, or none.
 */
export interface ConversationChange {
  readonly rootId: string
  readonly before: 'thisSource' | 'otherSource' | null
  readonly after: 'thisSource' | 'otherSource' | null
  /** A session that was in it and is in another conversation now, if it is gone and not all of its sessions were deleted. */
  readonly successorId?: string
}

export interface OffsetPagination {
  readonly offset: number
  readonly limit: number
}

/** The conversation index. Unknown ids are left out of every answer. */
export interface ConversationReader {
  /**
   * A page of the conversations that have a message, newest message first. The ids of the keys are root ids. Null if the
   * source cannot list them now. At most 1,001.
   */
  listConversations(page: PageRequest<SessionSortKey>, filter: ConversationFilter): Promise<ConversationPage | null>
  /**
   * How many conversations `listConversations` lists, in groups. Costs the same however many there are. Null if the source
   * cannot count them now. At most some hundred groups; several may have the same channel and attention.
   */
  countConversations(filter: ConversationFilter): Promise<ConversationCount[] | null>
  /** The conversation of each session, including those without a message. Any number of ids. */
  findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationListEntry>>
  /**
   * The session that continues each session: of several, and of the retries in their places, the one with the newest message.
   * Any number of ids; those that nothing continues are left out.
   */
  findContinuations(sessionIds: readonly string[]): Promise<Map<string, string>>
  /** Ids of a conversation's sessions: its root, then the others by their start. At most 1,000. */
  listConversationSessionIds(rootId: string, range: OffsetPagination): Promise<string[]>
}

/** Reports which conversations have changed, also by another process. */
export interface ConversationChangeFeed {
  /** Calls the listener after each change; with null if any conversation may have changed. There is one listener. */
  onConversationsChanged(listener: (changed: readonly ConversationChange[] | null) => void): void
  /** Resolves when the listener has received every change made before this call. Rejects if the source cannot be read. */
  refresh(): Promise<void>
}
