import type { Origin, SessionRecord } from '../model/session.ts'
import type { SessionFilter } from '../model/session-filter.ts'
import type { ConversationCount, ConversationListEntry } from '../storage/sessions/conversation-reader.ts'

/** The sessions that continue each other, from one root. */
export interface Conversation extends Omit<ConversationListEntry, 'rootId' | 'tipId'> {
  readonly root: SessionRecord
  /** The session with the newest message. */
  readonly tip: SessionRecord
}

/** Filters conversations by their settings and what they want of a person, and by the channel and origin of their tips. */
export type ConversationListFilter = Omit<SessionFilter, 'ids'> & { readonly origin?: Origin }

/** How many conversations have the same channel, origin and attention. The channel and the origin are those of their tips. */
export interface ConversationGroup extends Omit<ConversationCount, 'isCrossOrigin'> {
  readonly origin: Origin
}
