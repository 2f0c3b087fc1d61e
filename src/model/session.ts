import type { ContextSize } from './context/context-size.ts'
import type { Usage } from './usage.ts'

/** SEGUE: stored in Segue's own database. HERMES: read from a Hermes state.db, which is never written. */
export type Origin = 'SEGUE' | 'HERMES'

/** Where a title comes from. MESSAGE: the beginning of the first message. MODEL: generated. PERSON: set by a user. */
export type TitleSource = 'MESSAGE' | 'MODEL' | 'PERSON'

/** A session of either origin. Times are in epoch milliseconds. */
export interface SessionRecord {
  readonly id: string
  readonly origin: Origin
  readonly profile: string
  readonly title: string | null
  /** Null if unknown. A title from a PERSON is never replaced. */
  readonly titleSource: TitleSource | null
  /** As stored: cli, telegram, segue, …; `unknown` if the row has none. */
  readonly source: string
  readonly model: string | null
  /** Its own instructions for the model. Left out, or null: those of its profile. */
  readonly instructions?: string | null
  /** The effort of its answers. Left out, or null: the model's own default. */
  readonly effort?: string | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly endReason: string | null
  /** The time of the newest message; the start of the session if it has none. */
  readonly lastActivityAt: number
  /** Whether its conversation is pinned, as far as its source knows: Hermes knows nothing of what is set in Segue. */
  readonly pinned: boolean
  /** The same for the archive. */
  readonly archived: boolean
  readonly parentId: string | null
  /** Ids of parents that the session does not continue: it is a branch, a copy, a delegate or a reset of them. */
  readonly notContinuationOf: readonly string[]
  /** The id of the message that the session was forked from; null if it is no fork or if that is not known. */
  readonly forkedFrom: string | null
  /**
   * Of a retry: the id of the user's message whose turn it tries again. A retry begins with copies of everything that a
   * model is sent before that turn, so it inherits no context. Null for all other sessions.
   */
  readonly retryOf: string | null
  /**
   * Of a retry: the id of the session whose place it takes in the conversation. This is the session that it was made from;
   * if that is a retry, the session whose place that one takes. Null once the retry itself has the place, because the
   * session was deleted.
   */
  readonly takesPlaceOf: string | null
  /** The session belongs to a sub-agent, or continues one that does. */
  readonly isSubagent?: true
  /** The seq of the newest event in the session's log; 0 without a log, as for all Hermes sessions. */
  readonly headSeq: number
  /** What a model would be sent next of it, as of its newest commit. Left out: it has to be counted. */
  readonly contextSize?: ContextSize
  readonly usage: Usage
  /** What a list has read together with the row, so that it need not be looked up. */
  readonly listed?: ListedSessionFacts
}

/** What else lists show of a session, as of the same read. */
export interface ListedSessionFacts {
  /** The number of stored messages. */
  readonly messageCount: number
  /** The flags of its conversation. Null: a read of another index has to tell. */
  readonly flags: { readonly pinned: boolean; readonly archived: boolean } | null
}
