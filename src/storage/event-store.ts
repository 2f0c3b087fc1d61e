import type { ChatEvent } from '../model/chat-event.ts'
import type { ContextSize } from '../model/context/context-size.ts'
import type { ContextCheckpoint } from '../model/context/context-checkpoint.ts'
import type { ApprovalRuleRecord } from '../model/approval-rule.ts'
import type { DecisionRecord } from '../model/decision.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { Usage } from '../model/usage.ts'
import type { IdempotencyKeyRecord } from './idempotency-key.ts'
import type { PositionRange } from './position-range.ts'
import type { TurnMessage, TurnMessagesQuery } from './sessions/turn-message.ts'
import type { ConversationSettingsUpdate } from './sessions/conversation-settings.ts'
import type { SessionWithInitialMessages, SessionWriter } from './sessions/session-writer.ts'

/** Changes to a session's row. A title replaces another only if its source ranks at least as high; see `TitleSource`. */
export type SessionRecordPatch = Partial<
  Pick<SessionRecord, 'title' | 'titleSource' | 'endedAt' | 'endReason' | 'model' | 'instructions' | 'effort'>
>

/** What a title or a summary has used. */
export interface AdditionalUsage {
  readonly usage: Usage
  /** The id of the model. */
  readonly model: string
  /** When it was used, in epoch milliseconds. */
  readonly at: number
}

/** A stream that the write is about: it must not have ended, be of this generation, and be owned by this process. */
export interface StreamFence {
  readonly streamId: string
  readonly generation: number
  /** The seq of its newest event, which is stored. Left out: as before. */
  readonly lastSeq?: number
  /** Whether this process takes it over with the write, if another one owns it and it is QUEUED. */
  readonly takesOver?: boolean
}

/** Everything that one step of a chat writes, in one transaction. */
export interface AppendRequest {
  readonly sessionId: string
  /** Creates the session first. */
  readonly newSession?: SessionRecord
  /**
   * The seq of the log's last event. If it is another one, someone else wrote: `LogVersionConflictError`. Where several
   * processes write, that is also what one gets that starts a stream beside another one, or in a session that has ended, or that
   * adds events to one that is continued.
   */
  readonly expectedHeadSeq: number
  /** If one does not hold: `FencingError`. */
  readonly fences?: readonly StreamFence[]
  /** Numbered from `expectedHeadSeq + 1` on, without gaps. */
  readonly events: readonly ChatEvent[]
  /** Inserted, or replace the ones with their ids. The usage of a stream that ends is added to the session's. */
  readonly streams?: readonly StreamRecord[]
  /** The ids of the queued streams of the session, in order. Replaces the stored order. */
  readonly queuedStreamIds?: readonly string[]
  /** Inserted, or replace the ones with their ids. Counted once they have a position. */
  readonly messages?: readonly MessageRecord[]
  /**
   * The hashes of stored files that a message of the session refers to no longer. Neither does the session then, unless
   * another message or an event of it does.
   */
  readonly releasedBlobs?: readonly string[]
  /** Inserted, or replace the ones with their ids, in this order. */
  readonly decisions?: readonly DecisionRecord[]
  readonly approvalRules?: readonly ApprovalRuleRecord[]
  /** Replaces the session's checkpoint. */
  readonly checkpoint?: ContextCheckpoint
  /** The keys of the calls that write this. A key that is in use is left out: it must not prevent the end of a stream. */
  readonly idempotencyKeys?: readonly IdempotencyKeyRecord[]
  /**
   * The key of the call that writes this, which must not be in use. If it is, as when another process executes the call as
   * well: StorageError CONSTRAINT.
   */
  readonly newKey?: IdempotencyKeyRecord
  readonly sessionPatch?: SessionRecordPatch
  /** Changes the settings of a conversation. */
  readonly conversationSettings?: ConversationSettingsUpdate
  /** Marks the conversation of the session as read up to this time, in epoch milliseconds. */
  readonly readAt?: number
  /** Added to the session's usage, besides that of the streams that end. */
  readonly additionalUsage?: AdditionalUsage
  /** What a model would be sent next of the session. Null: it has to be counted. Left out: as before. */
  readonly contextSize?: ContextSize | null
  /** The session that continues this one. Created first. */
  readonly continuation?: SessionWithInitialMessages
  /**
   * With a continuation: where the log ended when it was composed. Where several processes write, a stream that another one
   * has started since, or a session that another one has ended, is a `LogVersionConflictError`.
   */
  readonly composedAtSeq?: number
  /** Time of the newest message. Left out by repairs, which are not activity. */
  readonly activityAt?: number
}

export interface EventRange {
  readonly sessionId: string
  /** Only events with a greater seq. */
  readonly after: number
  /** At most 1,000. */
  readonly limit: number
}

/** Reads the log of a session. */
export interface EventReader {
  /** The seq of the last event: 0 without events, null without the session. */
  loadHeadSeq(sessionId: string): Promise<number | null>
  /** A page in order of seq: fewer than `limit` when they are large, none only at the end. */
  readEvents(range: EventRange): Promise<ChatEvent[]>
}

/** Tells of the appends of other processes to the same storage. */
export interface ForeignAppendFeed {
  /**
   * Calls the listener with the id of each session whose log another process has written, or which it has deleted; with null
   * if that may be any. Never where a home belongs to one process.
   */
  onForeignAppend(listener: (sessionId: string | null) => void): void
}

/** Writes the log of a session, with the rows that are projections of it. */
export interface EventWriter {
  /** All of it or nothing. Throws NOT_FOUND without the session, LogVersionConflictError, FencingError and StorageError. */
  append(request: AppendRequest): Promise<void>
  /** Like `append`, for the logs of several sessions in one transaction. */
  appendAll(requests: readonly AppendRequest[]): Promise<void>
  /** Replaces the stored event with the same seq, as by one that contains the text of several. */
  replaceEvent(event: ChatEvent): Promise<void>
  /**
   * Deletes events whose text another event contains. Any number: in several transactions, the greatest seqs first, so
   * that what is left at any moment folds to the same message.
   */
  deleteEvents(sessionId: string, seqs: readonly number[]): Promise<void>
}

/** Reads the streams. */
export interface StreamLookup {
  /** By id, in no order. Any number of ids; unknown ones are left out. */
  findStreams(ids: readonly string[]): Promise<StreamRecord[]>
  findStream(id: string): Promise<StreamRecord | null>
  /** Those of these streams that have not ended, and that no other process has taken over. Any number of ids. */
  listOwnStreamIds(ids: readonly string[]): Promise<string[]>
  /** The stream of the session that is RUNNING or WAITING. */
  findActiveStream(sessionId: string): Promise<StreamRecord | null>
  /** All that have not ended, by session; the queued ones in the order of their queue. The cost depends on their number, not on the size of the database. */
  listUnfinishedStreams(): Promise<StreamRecord[]>
  /**
   * Takes over the unfinished streams whose process does not run any more, and resolves to them, in the order of
   * `listUnfinishedStreams`. Where a home belongs to one process, these are all of them: call it once, at the start.
   */
  claimOrphanedStreams(): Promise<StreamRecord[]>
}

export interface WithdrawnMessageLookup {
  /** The withdrawn messages of a session that have no position yet, in no order. */
  listUnplacedWithdrawnMessages(sessionId: string): Promise<MessageRecord[]>
}

/** Finds the messages that have joined answers. */
export interface SteeredMessageLookup {
  /** By stream, in the order in which they were accepted: at most 100 of each. Any number of streams. */
  listSteeredMessages(streamIds: readonly string[]): Promise<MessageRecord[]>
}

/** Finds the summaries that are stored with sessions. */
export interface ContextCheckpointLookup {
  /** The checkpoint of a Segue session; null if it has none. */
  findContextCheckpoint(sessionId: string): Promise<ContextCheckpoint | null>
}

/** Finds the messages of the tries of a turn. */
export interface TurnMessageLookup {
  /** The newest 101 messages of each query, in no order. Those that are queued, withdrawn or streaming are left out. */
  findTurnMessages(queries: readonly TurnMessagesQuery[]): Promise<TurnMessage[]>
  /** The oldest copy of the message of each query, to stand in for a message that Hermes has removed. All turns are of Hermes. */
  findOldestCopiesOfHermesTurns(queries: readonly TurnMessagesQuery[]): Promise<TurnMessage[]>
  /** The turns of a Hermes session that were tried again, by the ids of their user's messages. At most 10,000. */
  listRetriedHermesTurnIds(sessionId: string): Promise<string[]>
  /**
   * Where a Segue session has copies of messages of these sessions, of either origin, or of what their messages are copies
   * of. Null if it has none. At most 1,000 ids.
   */
  findInheritedPositions(sessionId: string, earlierSessionIds: readonly string[]): Promise<PositionRange | null>
}

export interface BlobReferenceReader {
  /** Those of these blobs that no session and no upload refers to. Any number of hashes. */
  findUnreferencedBlobs(hashes: readonly string[]): Promise<string[]>
}

/** The log of each session and its projections. */
export interface EventStore
  extends
    EventReader,
    EventWriter,
    ForeignAppendFeed,
    StreamLookup,
    WithdrawnMessageLookup,
    SteeredMessageLookup,
    ContextCheckpointLookup,
    TurnMessageLookup,
    SessionWriter,
    BlobReferenceReader {}
