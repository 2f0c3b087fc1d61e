import type { SessionRecord } from '../../model/session.ts'
import type { Attention } from '../../model/conversation/attention.ts'
import type { ConversationSettingsRow } from '../sessions/conversation-settings.ts'
import type {
  ConversationChangeFeed,
  ConversationReader,
  GivenConversationTitle,
} from '../sessions/conversation-reader.ts'
import type { ConversationIndexEntry } from '../sessions/cross-origin-continuation-feed.ts'
import type { HermesStatus } from '../sessions/hermes-status.ts'
import type { MessageReader } from '../sessions/message-reader.ts'
import type { SessionLookup } from '../sessions/session-reader.ts'
import type { ForeignSessionUsage, ForeignUsagePage, ForeignUsageQuery } from '../usage/usage-sum-store.ts'

/** A session of Hermes as the process that reads it stores it for all. Its ids are as Hermes stores them. */
export interface SharedHermesSession {
  readonly record: SessionRecord
  readonly entry: ConversationIndexEntry
  readonly messageCount: number
  /** When it was used last, in epoch milliseconds; null if nobody knows. All that it has used counts then. */
  readonly usedAt: number | null
  /** How many messages its user has sent. */
  readonly answers: number
}

/** Some of the sessions of a Hermes agent, in the order of their ids. */
export interface SharedHermesSessionPage {
  readonly sessions: readonly SharedHermesSession[]
  /** The id up to which it has all sessions; null if there are no more. */
  readonly lastId: string | null
}

/** Consecutive ids: those greater than `after`, up to and with `last`; null: all of them. */
export interface HermesSessionIdRange {
  readonly after: string
  readonly last: string | null
}

export interface HermesClaim {
  /** What the process has found. */
  readonly status: HermesStatus
  /**
   * When Segue was first started in the home of the process, in epoch milliseconds. Older messages count as read in conversations
   * without a read mark, if no process of the installation has read an agent before.
   */
  readonly firstStartedAt: number
}

/** What sessions of Hermes have used, without the jobs that they are runs of. */
export interface SharedHermesUsagePage extends Pick<ForeignUsagePage, 'next'> {
  readonly sessions: readonly Omit<ForeignSessionUsage, 'jobId'>[]
}

/** Which process reads a Hermes agent, and what it has found. */
export interface HermesAgentState {
  /** Null if it is gone. */
  readonly reader: number | null
  readonly status: HermesStatus
}

/** Everything about sessions of Hermes that every process reads from the database: all but their messages. */
export interface HermesSessionIndex
  extends SessionLookup, ConversationReader, ConversationChangeFeed, Pick<MessageReader, 'countMessages'> {}

/**
 * The sessions of a profile's Hermes agent, for all processes of an installation. One process at a time reads the agent's files
 * and stores what it finds: as long as it lives, no other one does. Every write names it, so that one that was taken for dead
 * writes nothing more.
 */
export interface HermesIndex {
  readonly sessions: HermesSessionIndex
  /**
   * Makes this process the reader, or keeps it, and tells all what it has found. Resolves to false if another one is: one that
   * lives, and has not lost the files.
   */
  claim(claim: HermesClaim): Promise<boolean>
  /** Lets another process be the reader at once. */
  release(): Promise<void>
  /** The conversations whose tip is Hermes' and that a person gave a title which matches a query; at most 5,000. */
  findGivenTitles(query: string): Promise<GivenConversationTitle[]>
  /** The pins and archive that are set for the conversations of Hermes' sessions: a row for each session. */
  listHermesSettings(): Promise<ConversationSettingsRow[]>
  /** What the conversations of Hermes' sessions want of a person, by session id, apart from those that are IDLE. */
  listAttentions(): Promise<Map<string, Attention>>
  /** What the sessions have used that were used last within a span. */
  listSessionUsage(query: ForeignUsageQuery): Promise<SharedHermesUsagePage>
  /** Null if no process has ever read this agent. */
  findAgent(): Promise<HermesAgentState | null>
  /** Stores sessions, and deletes others. Resolves to false, and does nothing, if this process is not the reader. */
  storeSessions(sessions: readonly SharedHermesSession[], deletedIds: readonly string[]): Promise<boolean>
  /** The same for all sessions with ids in a range: those that are not given are deleted. */
  replaceSessions(range: HermesSessionIdRange, sessions: readonly SharedHermesSession[]): Promise<boolean>
  /** Tells all processes that any conversation may have changed. */
  reportAllChanged(): Promise<void>
}
