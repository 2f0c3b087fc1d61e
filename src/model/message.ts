import type { Json, JsonObject } from '../lib/text/json.ts'
import type { ContextSummary } from './context/context-summary.ts'
import type { Steering } from './steering.ts'
import type { Usage } from './usage.ts'

export type Role = 'USER' | 'ASSISTANT' | 'SYSTEM'

/** SUMMARY: stands for earlier messages in what a model is sent, after a compaction. */
export type MessageKind = 'CHAT' | 'SUMMARY'

/** STREAMING: its stream runs. PARTIAL: the stream, or the model, ended before the answer was complete. */
export type MessageStatus = 'STREAMING' | 'COMPLETE' | 'PARTIAL'

export type ToolCallState =
  | 'STREAMING'
  | 'AWAITING_APPROVAL'
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'DENIED'
  | 'CANCELLED'
  | 'OUTCOME_UNKNOWN'

export interface ToolCallApprovalAnswer {
  readonly reason?: string
  /** What the tool ran with in place of `argumentsText`. */
  readonly arguments?: JsonObject
}

/** A tool call within an answer. Times are in epoch milliseconds. */
export interface ToolCall {
  readonly id: string
  /** The model's id for the call; null if it sent none. Not unique: some models count from zero in every turn. */
  readonly providerId: string | null
  readonly name: string
  /** As received; a prefix of JSON until `argumentsWhole`. */
  readonly argumentsText: string
  readonly argumentsWhole: boolean
  readonly state: ToolCallState
  /** What the tool returned, see tool-result-content.ts. A very long result is truncated, with a note that says so. */
  readonly result: Json
  /** The hash of the stored file with the complete result, if it was truncated. */
  readonly resultFile?: string
  /** The hashes of the stored files whose URLs are in `result`. */
  readonly resultBlobs?: readonly string[]
  readonly error: string | null
  /** What a person added when they decided about the call. The model is told. */
  readonly approvalAnswer?: ToolCallApprovalAnswer
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

/**
 * What a provider wants back with a part, and only it can read: signatures, encrypted reasoning. It is never shown, and no
 * part of the digest. The agent that received it knows its form.
 */
export interface OpaqueProviderState {
  readonly [key: string]: Json
}

/** When and by which request to the model a part was made. User messages, Hermes and version 0.1 have recorded none of it. */
export interface PartOrigin {
  /** The request of the answer that made the part, counted from 0. See `listPartSteps` for parts without one. */
  readonly step?: number
  /** When its first event came, in epoch milliseconds. */
  readonly startedAt?: number
  /** When it was complete, in epoch milliseconds. A tool call is complete when it has reached its final state. */
  readonly endedAt?: number
}

interface GeneratedPart extends PartOrigin {
  /** Valid for the provider and the model of the message. */
  readonly providerState?: OpaqueProviderState
}

export type MessagePart =
  | (GeneratedPart & { readonly type: 'text'; readonly text: string })
  | (GeneratedPart & { readonly type: 'reasoning'; readonly text: string })
  | (GeneratedPart & { readonly type: 'tool'; readonly call: ToolCall })
  /** `url` is an https URL, a data URL, or the URL of a stored file (blob-url.ts). */
  | (PartOrigin & {
      readonly type: 'file'
      readonly mediaType: string
      readonly name: string | null
      readonly url: string
    })

/** A message of a session. */
export interface MessageRecord {
  readonly id: string
  readonly sessionId: string
  /** The order in the session, see message-position.ts. Null while the message is queued. */
  readonly position: number | null
  /** The user cancelled the message while it was queued: it is shown, but never sent to a model. */
  readonly withdrawn: boolean
  readonly role: Role
  /** A summary by Hermes, or a copy of one. Segue's own have `summary`: see `toMessageKind`. */
  readonly kind?: 'SUMMARY'
  /**
   * Marks the first message of a session whose context begins with it: a SYSTEM message that summarises the sessions before,
   * or the first message of a converted Hermes session.
   */
  readonly summary?: true
  /** What a summary holds beyond its text, which people read. Summaries that were stored by version 0.1 have none. */
  readonly summaryContext?: Omit<ContextSummary, 'text'>
  readonly status: MessageStatus
  readonly parts: readonly MessagePart[]
  /** The parts are too long for a row: they are only in the log, and `parts` is empty. */
  readonly inLog?: true
  readonly createdAt: number
  readonly streamId: string | null
  readonly model: string | null
  readonly usage: Usage | null
  /** Of a user's message that joined a running answer, and of its copies. */
  readonly steering?: Steering
  /** Of a copy in a fork or a retry: the id of the first message that it is a copy of, of either origin. */
  readonly copyOf?: string
  /**
   * Names the turn, over all of its tries and copies: the id of the user's message of the first try. It is kept when that
   * message is deleted. Only the user's message and the last answer of a turn have it, and messages of Hermes never do.
   */
  readonly turnId?: string
}

/** The id of the first message that a message is a copy of; its own id if it is no copy. */
export function findOriginalId({ id, copyOf }: Pick<MessageRecord, 'id' | 'copyOf'>): string {
  return copyOf ?? id
}

/** Whether a user's message belongs to the answer behind it: it joined that answer, and starts no turn of its own. */
export function isSteeringMessage({ steering }: Pick<MessageRecord, 'steering'>): boolean {
  return steering?.state === 'APPLIED'
}
