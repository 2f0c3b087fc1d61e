import type { Channel } from '../../../src/model/channel.ts'
import type { Attention } from '../../../src/model/conversation/attention.ts'
import type { Origin } from '../../../src/model/session.ts'
import type { SegueError } from '../segue-error.ts'
import type { SnapshotSource } from './snapshot-store.ts'

/** Which conversations a list has. What is left out does not filter, except `profile`: `default`. */
export interface ConversationFilter {
  readonly profile?: string
  readonly channels?: readonly Channel[]
  readonly origin?: Origin
  readonly archived?: boolean
  readonly pinned?: boolean
  readonly attention?: readonly Attention[]
  /** Ids of conversations, or of any of their sessions. */
  readonly ids?: readonly string[]
}

/** A row of the list. Times are in epoch milliseconds. */
export interface Conversation {
  readonly id: string
  readonly title: string | null
  readonly pinned: boolean
  readonly archived: boolean
  readonly lastActivityAt: number
  /** What it wants of a person, the most urgent. */
  readonly attention: Attention
  /** The session that `attention` is about. Null for IDLE. */
  readonly attentionSession: { readonly id: string } | null
  /** Up to when a person has read it: see `markRead` of the client. Null if it was never marked. */
  readonly readAt: number | null
  readonly segmentCount: number
  readonly rootId: string
  /** The session to read and to continue. */
  readonly tip: {
    readonly id: string
    /** A server may send others. */
    readonly channel: Channel
    readonly origin: Origin
    readonly source: string
    readonly model: string | null
    /** The stream that holds it now. */
    readonly activeStream: { readonly id: string; readonly status: string } | null
    /** How many approvals and questions wait for a person. */
    readonly pendingDecisionCount: number
  }
}

export interface ConversationListSnapshot {
  /** Newest activity first. A row that has not changed is the same object as before. */
  readonly conversations: readonly Conversation[]
  /** The first page was not read yet. */
  readonly isLoading: boolean
  /** There are more: see `loadMore`. */
  readonly hasMore: boolean
  /** Why the list has ended: the server refuses it. Lost connections are no error; the list returns by itself. */
  readonly error: SegueError | null
}

/**
 * A live list of conversations. It starts with the first subscriber (or iteration) and stops when the last one leaves. An
 * iteration yields the current snapshot, and then the newest one whenever it has changed.
 */
export interface ConversationList
  extends SnapshotSource<ConversationListSnapshot>, AsyncIterable<ConversationListSnapshot> {
  /**
   * Reads the next page. Resolves when it is in the snapshot, at once if there is none.
   *
   * @param count How many rows it has: 1 to 1,000. Default: those of the first page.
   */
  loadMore(count?: number): Promise<void>
}
