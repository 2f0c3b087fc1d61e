import type { PageRequest } from '../../lib/pagination.ts'
import type { ConversationFlags, SessionFilter, SessionSortKey } from '../../model/session-filter.ts'
import type { Origin, SessionRecord } from '../../model/session.ts'
import type { ConversationChangeFeed, ConversationReader } from './conversation-reader.ts'
import type { MessageReader } from './message-reader.ts'

/** Rows of sessions. */
export interface SessionLookup {
  /** By id, in no order. Any number of ids; unknown ones are left out. */
  findSessions(ids: readonly string[]): Promise<SessionRecord[]>
  /** A page of the sessions that match the filter, newest activity first. At most 1,001. */
  listSessions(page: PageRequest<SessionSortKey>, filter: SessionFilter): Promise<SessionRecord[]>
}

/** Everything that is read of the sessions of one origin. */
export interface SessionReader extends SessionLookup, MessageReader, ConversationReader, ConversationChangeFeed {
  readonly origin: Origin
}

/** Everything that is read of Segue's own sessions. */
export interface SegueSessionReader extends SessionReader {
  /**
   * `flagsFromHermes`, by session id, count in place of those that Segue stores. Every page reads the sessions among them that
   * match.
   */
  listSessions(
    page: PageRequest<SessionSortKey>,
    filter: SessionFilter,
    flagsFromHermes?: ReadonlyMap<string, ConversationFlags>,
  ): Promise<SessionRecord[]>
}
