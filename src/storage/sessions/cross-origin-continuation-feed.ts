import type { ConversationSettingsRow } from './conversation-settings.ts'

/** What a conversation index stores of a session. Times are epoch milliseconds. */
export interface ConversationIndexEntry {
  readonly id: string
  /** The session that it continues, if that one exists and can be continued. Of a retry: once it has the place itself. */
  readonly continues: string | null
  /** Of a retry: the session whose place it takes. */
  readonly takes_place_of: string | null
  readonly can_be_continued: number
  readonly started_at: number
  /** The time of the newest message; null without one. */
  readonly message_at: number | null
  readonly activity_at: number
  /** Everything that a list can be filtered by, as bits. */
  readonly flags: number
  /** Of these, what its source stores and Segue's settings replace. */
  readonly default_flags: number
  /** How urgent is what it wants of a person whether it was read or not, see `rankAttention`; 0 for nothing. */
  readonly live_attention: number
  /** When its newest answer ended, or its newest message came in that was not sent through Segue; null without one. */
  readonly answered_at: number | null
  /** 1 if that answer failed. */
  readonly answer_failed: number
}

/** A session of Segue whose conversation is in both sources now, or was; or a session of Hermes that has settings. */
export interface CrossOriginContinuationChange {
  readonly id: string
  /** Grows with every change of any such session. */
  readonly changeSeq: number
  /** The session as it is now; null if it is deleted, its conversation is in Segue alone, or Hermes stores it. */
  readonly session: ConversationIndexEntry | null
  /** What is set for its conversation, as it is now; null if nothing is. */
  readonly settings: ConversationSettingsRow | null
}

/**
 * Segue's sessions that may continue sessions of Hermes, and the settings of Hermes' conversations, as a log of changes. A
 * reader keeps a cursor: the identity of the database and the `changeSeq` that it has read up to.
 */
export interface CrossOriginContinuationFeed {
  /** Tells this database from another one in its place, whose numbers mean something else. Null before the first write. */
  readonly databaseId: string | null
  /** The `changeSeq` of the newest change; 0 without one. */
  readonly latestChangeSeq: number
  /** Up to `limit` changes after a `changeSeq`, in order. Each session is in the log once, with its newest change. */
  readChanges(after: number, limit: number): CrossOriginContinuationChange[]
  /** The pins and archive that are set for the conversations of Hermes' sessions: a row for each session. */
  listHermesSettings(): ConversationSettingsRow[]
  /** Stores settings that sessions have taken over when they joined a conversation. Older ones change nothing. */
  storeInheritedSettings(settings: readonly ConversationSettingsRow[]): Promise<void>
  /** Calls the listener after each commit that has added changes. */
  onChanges(listener: () => void): void
}
