/**
 * The domain's records: what storage keeps and everything above it speaks of. All times are milliseconds since the
 * epoch, UTC. Records are never changed in place.
 */

/** SEGUE: kept here. HERMES: read from a Hermes state.db, never written. */
export type Origin = 'SEGUE' | 'HERMES'

export interface Usage {
  /** True when any of the figures is ours, because the provider sent none. */
  readonly estimated: boolean
  readonly inputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly cachedInputTokens: number
}

/** MESSAGE: the beginning of its first message. MODEL: a model, after the first answer. PERSON: somebody chose it. */
export type TitleSource = 'MESSAGE' | 'MODEL' | 'PERSON'

export interface SessionRecord {
  readonly id: string
  readonly origin: Origin
  readonly profile: string
  readonly title: string | null
  /** Who gave it its title; a person's is never replaced. Null where that is not known. */
  readonly titleSource: TitleSource | null
  /** As stored: cli, telegram, segue, …; `unknown` where the row has none. */
  readonly source: string
  readonly model: string | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly endReason: string | null
  /** The newest message's time; the session's start while it has none. */
  readonly lastActivityAt: number
  readonly pinned: boolean
  readonly archived: boolean
  readonly parentId: string | null
  /** Parents of which the row says that it is something else than a continuation: a branch, a delegate, a reset. */
  readonly notContinuationOf: readonly string[]
  /** The message that it was forked from. */
  readonly forkedFrom: string | null
  /** The row says that it is a sub-agent's, or continues one of a sub-agent. */
  readonly isSubagent?: true
  /** The seq of the newest event in its log; 0 for a session without one, as all of Hermes' are. */
  readonly headSeq: number
  readonly usage: Usage
}

export type Role = 'USER' | 'ASSISTANT' | 'SYSTEM'

/** STREAMING while its stream runs; PARTIAL when the stream ended before the answer did. */
export type MessageStatus = 'STREAMING' | 'COMPLETE' | 'PARTIAL'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

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

export type StreamStatus = 'QUEUED' | 'RUNNING' | 'WAITING' | 'COMPLETED' | 'CANCELLED' | 'FAILED' | 'INTERRUPTED'

export type StreamErrorCode =
  | 'QUOTA'
  | 'RATE_LIMIT'
  | 'AUTH'
  | 'MODEL_NOT_FOUND'
  | 'CONTEXT_LENGTH'
  | 'NO_RESPONSE'
  | 'TIMEOUT'
  | 'PROVIDER'
  | 'SERVER_RESTART'

export interface StreamRecord {
  readonly id: string
  readonly sessionId: string
  readonly status: StreamStatus
  /** Raised by the end of the stream; a write that names an older one is refused. */
  readonly generation: number
  readonly model: string
  readonly userMessageId: string
  /** The assistant's message; null until something was produced. */
  readonly messageId: string | null
  /** Of all requests to the model that have ended. */
  readonly usage: Usage
  /** The request that has not ended: its estimated input, and how much of the answer (in UTF-16 code units) was there before. */
  readonly step: { readonly inputTokens: number; readonly producedBefore: number } | null
  readonly startedAt: number
  readonly finishedAt: number | null
  /** The seq of its StreamStarted. */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly error: { readonly code: StreamErrorCode; readonly message: string } | null
}

export type DecisionState = 'PENDING' | 'ANSWERED' | 'EXPIRED' | 'CANCELLED'
export type ApprovalDecision = 'ONCE' | 'SESSION' | 'ALWAYS' | 'DENY'

interface DecisionBase {
  readonly id: string
  readonly sessionId: string
  readonly streamId: string
  /** The tool call that waits: the part of the message, and the call as it was when it began to wait. */
  readonly messageId: string
  readonly partIndex: number
  readonly toolCall: ToolCall
  readonly state: DecisionState
  readonly requestedAt: number
  readonly expiresAt: number | null
  readonly resolvedAt: number | null
}

/** Whether a tool may be used. */
export interface ApprovalRecord extends DecisionBase {
  readonly kind: 'approval'
  readonly description: string
  readonly choices: readonly ApprovalDecision[]
  readonly decision: ApprovalDecision | null
}

/** What the model wants to know from a person. */
export interface ClarificationRecord extends DecisionBase {
  readonly kind: 'clarification'
  readonly question: string
  /** Answers that are offered; any other is as good. */
  readonly choices: readonly string[]
  readonly answer: string | null
}

export type DecisionRecord = ApprovalRecord | ClarificationRecord

/** A tool that need not ask any more: in one session, or (null) in the whole profile. */
export interface ToolGrant {
  readonly sessionId: string | null
  readonly tool: string
}

interface EventBase {
  readonly seq: number
  readonly at: number
  readonly sessionId: string
  readonly streamId: string | null
}

interface PartEvent extends EventBase {
  readonly messageId: string
  readonly partIndex: number
}

/** One entry of a session's log. Messages are held by id: they are rows, written in the same transaction. */
export type ChatEvent =
  | (EventBase & { readonly type: 'StreamStarted'; readonly stream: StreamRecord; readonly userMessageId: string })
  | (PartEvent & { readonly type: 'TextDelta'; readonly offset: number; readonly text: string })
  | (PartEvent & { readonly type: 'ReasoningDelta'; readonly offset: number; readonly text: string })
  | (PartEvent & {
      readonly type: 'ToolCallDelta'
      readonly toolCallId: string
      readonly toolName: string
      readonly offset: number
      readonly argumentsText: string
    })
  | (PartEvent & { readonly type: 'ToolCallChanged'; readonly toolCall: ToolCall })
  | (EventBase & { readonly type: 'StreamChanged'; readonly stream: StreamRecord })
  | (EventBase & { readonly type: 'ApprovalChanged'; readonly decision: ApprovalRecord })
  | (EventBase & { readonly type: 'ClarificationChanged'; readonly decision: ClarificationRecord })
  | (EventBase & { readonly type: 'StreamFinished'; readonly stream: StreamRecord; readonly messageId: string | null })
  | (EventBase & { readonly type: 'SessionChanged' })
  | (EventBase & { readonly type: 'SessionContinued'; readonly toId: string })

/** A cursor that cannot be honoured: the reader drops what it has and goes on from here. Never stored. */
export interface StreamReset extends EventBase {
  readonly type: 'StreamReset'
  readonly reason: 'CURSOR_AHEAD' | 'LOG_REMOVED'
  /** The answer being made, or just made, as of `seq`. */
  readonly message: MessageRecord | null
}

/** What a reader is given. */
export type DeliveredEvent = ChatEvent | StreamReset

export const noUsage: Usage = {
  estimated: false,
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cachedInputTokens: 0,
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    estimated: a.estimated || b.estimated,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
  }
}

/** How a part refers to a file that is kept beside the database, by the sha256 of its bytes in hex. */
export function toBlobUrl(hash: string): string {
  return `file:${hash}`
}

/** The hash in such a reference; null for any other URL. */
export function parseBlobUrl(url: string): string | null {
  return /^file:([0-9a-f]{64})$/.exec(url)?.[1] ?? null
}

/** The hash of the kept file to which a part refers. */
export function findBlobHash(part: MessagePart): string | null {
  if (part.type === 'file') return parseBlobUrl(part.url)
  return part.type === 'tool' ? (part.call.resultFile ?? null) : null
}
