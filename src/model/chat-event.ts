import type { ApprovalRecord, ClarificationRecord } from './decision.ts'
import type { MessageRecord, ToolCall } from './message.ts'
import type { StreamRecord } from './stream.ts'

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

/** An event that has no seq yet: turns produce them, and the log writer numbers them. */
export type EventDraft = ChatEvent extends infer Event ? (Event extends ChatEvent ? Omit<Event, 'seq'> : never) : never

/** A cursor that cannot be honoured: the reader drops what it has and goes on from here. Never stored. */
export interface StreamReset extends EventBase {
  readonly type: 'StreamReset'
  readonly reason: 'CURSOR_AHEAD' | 'LOG_REMOVED'
  /** The answer being made, or just made, as of `seq`. */
  readonly message: MessageRecord | null
}

/** What a reader is given. */
export type DeliveredEvent = ChatEvent | StreamReset
