import type { ChatEvent } from '../model/chat-event.ts'
import type { DecisionRecord, ToolGrant } from '../model/decision.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { Usage } from '../model/usage.ts'

/** A session that begins with messages that were said elsewhere, or with none. */
export interface CreateSessionRequest {
  readonly session: SessionRecord
  readonly messages: readonly MessageRecord[]
  /** What the client calls the request that made it, and the digest of that. */
  readonly idempotencyKey?: IdempotencyKey
  /** Tools that were allowed in this session are allowed in the new one. */
  readonly copyGrantsFrom?: string
}

export interface IdempotencyKey {
  readonly key: string
  readonly fingerprint: string
}

/** What can change of a session beside its log. */
export type SessionRecordPatch = Partial<
  Pick<SessionRecord, 'title' | 'titleSource' | 'endedAt' | 'endReason' | 'pinned' | 'archived' | 'model'>
>

/** Everything that one step of a chat writes, all of it or nothing. */
export interface AppendRequest {
  readonly sessionId: string
  /** The session begins with this write. */
  readonly newSession?: SessionRecord
  /** The seq that the session's log ends with now. Another one means that somebody else wrote: `LogConflict`. */
  readonly expectedHeadSeq: number
  /** The stream on whose behalf this is written. One that has ended, or has a newer generation: `StaleGeneration`. */
  readonly fence?: { readonly streamId: string; readonly generation: number }
  /** Numbered from `head + 1` on without a gap. */
  readonly events: readonly ChatEvent[]
  /** Rows as they are after this write, each new or in place of the one with its id. */
  readonly streams?: readonly StreamRecord[]
  /** Rows as they are after this write; one that takes its place in the session counts as a message from then on. */
  readonly messages?: readonly MessageRecord[]
  /** What waits for a person or did, as it is after this write. */
  readonly decisions?: readonly DecisionRecord[]
  readonly grants?: readonly ToolGrant[]
  /** What the client calls the stream that begins here, and the digest of what it asked for. */
  readonly idempotencyKey?: StreamIdempotencyKey
  readonly sessionPatch?: SessionRecordPatch
  /** What was paid for beside the streams that end with this write. */
  readonly additionalUsage?: Usage
  /** The session that goes on where this one ends. */
  readonly continuation?: CreateSessionRequest
  /** The time of the newest message; left out by repairs, which are no activity. */
  readonly activityAt?: number
}

export interface StreamIdempotencyKey extends IdempotencyKey {
  readonly streamId: string
}

export interface EventRange {
  readonly sessionId: string
  /** Only events with a greater seq. */
  readonly after: number
  /** How many at most; fewer when they are large. */
  readonly limit: number
}

/** What a chat keeps: the log of each session, and the rows that are projected from it. */
export interface EventStore {
  createSession(request: CreateSessionRequest): Promise<void>
  /** Throws NOT_FOUND when the session is not there, LogConflict and StaleGeneration; nothing is written then. */
  append(request: AppendRequest): Promise<void>
  /**
   * Removes a session of our own with all that is derived from it, in one transaction; nothing happens when it is not
   * there. Resolves to the hashes of kept files to which nothing refers any more.
   */
  deleteSession(id: string): Promise<string[]>
  /** The seq of the newest event of a session that is kept here; 0 when there is none, null without the session. */
  loadHeadSeq(sessionId: string): Promise<number | null>
  /** In order of seq. */
  readEvents(range: EventRange): Promise<ChatEvent[]>
  findStream(id: string): Promise<StreamRecord | null>

  /** Streams by id, in no order. */
  findStreams(ids: readonly string[]): Promise<StreamRecord[]>
  findStreamByIdempotencyKey(
    key: string,
  ): Promise<{ readonly stream: StreamRecord; readonly fingerprint: string } | null>
  /** The session that a request with this key made. */
  findSessionByIdempotencyKey(
    key: string,
  ): Promise<{ readonly session: SessionRecord; readonly fingerprint: string } | null>
  /** The stream that holds the session: running or waiting. */
  findActiveStream(sessionId: string): Promise<StreamRecord | null>
  /** All that have not ended, in the order in which they began. Costs what they are many, not what the database is large. */
  listUnfinishedStreams(): Promise<StreamRecord[]>
  /** Puts another form of a stored event in its place, under its seq. */
  replaceEvent(event: ChatEvent): Promise<void>
  /** The session that goes on where this one ended; of several, the one with the newest activity. */
  findContinuation(sessionId: string): Promise<SessionRecord | null>
  /** Those of these kept files to which no session refers. At most 500 a call. */
  findUnreferencedBlobs(hashes: readonly string[]): Promise<string[]>
  /** Removes events whose text another event holds by now. At most 500 a call. */
  deleteEvents(sessionId: string, seqs: readonly number[]): Promise<void>
}

/** The log does not end where the writer believed. Nothing was written. */
export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError'
}

/** The stream has ended in the meantime, or was taken over. Nothing was written. */
export class FencingError extends Error {
  override readonly name = 'FencingError'
}
