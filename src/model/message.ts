import type { Json } from '../lib/json.ts'
import type { Usage } from './usage.ts'

export type Role = 'USER' | 'ASSISTANT' | 'SYSTEM'

/** STREAMING while its stream runs; PARTIAL when the stream ended before the answer did. */
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

export interface ToolCall {
  readonly id: string
  /** What the model called it; null where it did not. Not unique: some models count from zero in every turn. */
  readonly providerId: string | null
  readonly name: string
  /** As received: a prefix of JSON until `argumentsWhole`. */
  readonly argumentsText: string
  readonly argumentsWhole: boolean
  readonly state: ToolCallState
  /** What the tool returned; of a very long result its beginning, with a note of what is left out. */
  readonly result: Json
  /** The file that holds a very long result whole. */
  readonly resultFile?: string
  readonly error: string | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

export type MessagePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'tool'; readonly call: ToolCall }
  /** url: https, a data URL, or `file:` and the hash of a file that is kept here. */
  | { readonly type: 'file'; readonly mediaType: string; readonly name: string | null; readonly url: string }

export interface MessageRecord {
  readonly id: string
  readonly sessionId: string
  /** Where it stands in its session: unique there, ascending. Null while its turn has not come. */
  readonly position: number | null
  /** The user took it back before its turn came: it is shown, and no model is ever sent it. */
  readonly withdrawn: boolean
  readonly role: Role
  /** A SYSTEM message that stands for all that was said in the sessions before this one. */
  readonly summary?: true
  readonly status: MessageStatus
  readonly parts: readonly MessagePart[]
  /** Its parts are too long for a row: they are in the log alone, and `parts` is empty. */
  readonly inLog?: true
  readonly createdAt: number
  readonly streamId: string | null
  readonly model: string | null
  readonly usage: Usage | null
}
