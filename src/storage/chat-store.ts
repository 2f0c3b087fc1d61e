import type { ChatEvent, MessageRecord, SessionRecord, StreamRecord } from './records.ts'

/** Everything that one step of a chat writes, all of it or nothing. */
export interface LogWrite {
  readonly sessionId: string
  /** The session begins with this write. */
  readonly create?: SessionRecord
  /** The seq that the session's log ends with now. Another one means that somebody else wrote: `LogConflict`. */
  readonly head: number
  /** The stream on whose behalf this is written. One that has ended, or has a newer generation: `StaleGeneration`. */
  readonly fence?: { readonly streamId: string; readonly generation: number }
  /** Numbered from `head + 1` on without a gap. */
  readonly events: readonly ChatEvent[]
  /** Rows as they are after this write, each new or in place of the one with its id. */
  readonly streams?: readonly StreamRecord[]
  /** Rows as they are after this write; one that takes its place in the session counts as a message from then on. */
  readonly messages?: readonly MessageRecord[]
  /** What the client calls the stream that begins here, and the digest of what it asked for. */
  readonly key?: StreamKey
  /** The time of the newest message; left out by repairs, which are no activity. */
  readonly activityAt?: number
}

export interface StreamKey {
  readonly streamId: string
  readonly key: string
  readonly fingerprint: string
}

export interface EventRange {
  readonly sessionId: string
  /** Only events with a greater seq. */
  readonly after: number
  /** How many at most; fewer when they are large. */
  readonly limit: number
}

/** What a chat keeps: the log of each session, and the rows that are projected from it. */
export interface ChatStore {
  createSession(session: SessionRecord): Promise<void>
  append(write: LogWrite): Promise<void>
  /** In order of seq. */
  events(range: EventRange): Promise<ChatEvent[]>
  stream(id: string): Promise<StreamRecord | null>
  streamOfKey(key: string): Promise<{ readonly stream: StreamRecord; readonly fingerprint: string } | null>
  /** The stream that holds the session: running or waiting. */
  activeStream(sessionId: string): Promise<StreamRecord | null>
  /** All that have not ended, in the order in which they began. Costs what they are many, not what the database is large. */
  unfinishedStreams(): Promise<StreamRecord[]>
  /** Puts another form of a stored event in its place, under its seq. */
  replaceEvent(event: ChatEvent): Promise<void>
  /** Removes events whose text another event holds by now. At most 500 a call. */
  removeEvents(sessionId: string, seqs: readonly number[]): Promise<void>
}

/** The log does not end where the writer believed. Nothing was written. */
export class LogConflict extends Error {
  override readonly name = 'LogConflict'
}

/** The stream has ended in the meantime, or was taken over. Nothing was written. */
export class StaleGeneration extends Error {
  override readonly name = 'StaleGeneration'
}
