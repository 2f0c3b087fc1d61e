import type { ApprovalRecord, ClarificationRecord } from './decision.ts'
import type { MessageRecord, OpaqueProviderState, PartOrigin, ToolCall } from './message.ts'
import type { SteeringState } from './steering.ts'
import type { FinishReason, StreamRecord } from './stream.ts'
import type { Usage } from './usage.ts'

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

interface PartContentEvent extends PartEvent {
  /** Added to what the part has, see merge-opaque-provider-states.ts. */
  readonly providerState?: OpaqueProviderState
}

/** A delta has what its part has, so that each one tells all of it. See `PartOrigin`. */
interface DeltaEvent extends PartContentEvent, Pick<PartOrigin, 'step' | 'startedAt'> {
  readonly offset: number
}

/**
 * An event in a session's log. Its `seq` counts the session's events from 1; `at` is in epoch milliseconds. Events refer
 * to messages by id, because messages are rows that are written in the same transaction. Offsets count UTF-16 code units.
 */
export type ChatEvent =
  | (EventBase & { readonly type: 'StreamStarted'; readonly stream: StreamRecord; readonly userMessageId: string })
  | (DeltaEvent & { readonly type: 'TextDelta'; readonly text: string })
  | (DeltaEvent & { readonly type: 'ReasoningDelta'; readonly text: string })
  | (DeltaEvent & {
      readonly type: 'ToolCallDelta'
      readonly toolCallId: string
      readonly toolName: string
      readonly argumentsText: string
    })
  | (PartContentEvent & { readonly type: 'ToolCallChanged'; readonly toolCall: ToolCall })
  | (PartContentEvent & {
      readonly type: 'FilePartAdded'
      readonly step?: number
      readonly mediaType: string
      readonly name: string | null
      /** As in the part: https, or the URL of a stored file. */
      readonly url: string
    })
  /** The part is complete. It comes for every part but files, which are complete when they are added. */
  | (PartEvent & { readonly type: 'PartFinished' })
  /** A request to the model has ended by itself. Its tools run after it. */
  | (EventBase & {
      readonly type: 'StepFinished'
      /** Counted from 0 in the answer. */
      readonly step: number
      readonly finishReason: FinishReason
      readonly usage: Usage
    })
  /** A message that joins the stream was accepted, applied, queued or withdrawn. */
  | (EventBase & {
      readonly type: 'MessageSteered'
      readonly userMessageId: string
      readonly steeringState: SteeringState
    })
  | (EventBase & { readonly type: 'StreamChanged'; readonly stream: StreamRecord })
  /** The ids of the queued streams of the session, in the order in which they run. */
  | (EventBase & { readonly type: 'QueueChanged'; readonly streamIds: readonly string[] })
  | (EventBase & { readonly type: 'ApprovalChanged'; readonly decision: ApprovalRecord })
  | (EventBase & { readonly type: 'ClarificationChanged'; readonly decision: ClarificationRecord })
  | (EventBase & { readonly type: 'StreamFinished'; readonly stream: StreamRecord; readonly messageId: string | null })
  | (EventBase & { readonly type: 'SessionChanged' })
  | (EventBase & { readonly type: 'SessionContinued'; readonly toId: string })

/** An event that has no seq yet: turns produce them, and the log writer numbers them. */
export type EventDraft = ChatEvent extends infer Event ? (Event extends ChatEvent ? Omit<Event, 'seq'> : never) : never

/**
 * Tells a reader that its cursor cannot be honoured: it discards its state and continues from this snapshot. It is sent
 * in place of events, and never stored.
 */
export interface StreamReset extends EventBase {
  readonly type: 'StreamReset'
  readonly reason: 'CURSOR_AHEAD' | 'LOG_REMOVED'
  /** The answer that is streaming, or was streamed last, as of `seq`. */
  readonly message: MessageRecord | null
}

/** An event as it is delivered to a reader. */
export type DeliveredEvent = ChatEvent | StreamReset
