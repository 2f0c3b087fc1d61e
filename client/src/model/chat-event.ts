import type { ChatEvent as LogEvent, StreamReset as DeliveredReset } from '../../../src/model/chat-event.ts'
import type { ApprovalDecision, DecisionState } from '../../../src/model/decision.ts'
import type { FinishReason, StreamStatus } from '../../../src/model/stream.ts'
import type { SteeringState } from '../../../src/model/steering.ts'
import type { Approval, Clarification } from './decision.ts'
import type { ChatMessage } from './message.ts'
import type { ChatStream } from './stream.ts'
import type { SessionContext } from './session-context.ts'

/** The fields that an event has in the server's log and on the wire. */
type LogEventOfType<Type extends LogEvent['type']> = Extract<LogEvent, { readonly type: Type }>
type EventBase<Type extends LogEvent['type']> = Pick<
  LogEventOfType<Type>,
  'type' | 'seq' | 'at' | 'sessionId' | 'streamId'
>

/** What a session shows of itself in an event. */
export interface SessionSummary {
  readonly id: string
  readonly title: string | null
  readonly model: string | null
  readonly effort: string | null
  /** `compactSession` is at work: the session is busy meanwhile. */
  readonly compacting: boolean
  /** The size of what would be sent next. Null where nothing is sent from. */
  readonly context: SessionContext | null
}

/** The stream was accepted. It is QUEUED or RUNNING. */
export interface StreamStarted extends EventBase<'StreamStarted'> {
  readonly status: StreamStatus
  readonly stream: ChatStream
  readonly userMessage: ChatMessage
}
/** The status of a stream changed, or the time until which it waits for its provider; or, while it is QUEUED, its message. */
export interface StreamChanged extends EventBase<'StreamChanged'> {
  readonly status: StreamStatus
  readonly stream: ChatStream
  readonly userMessage: ChatMessage
}
/** The end of a stream. There is exactly one for each. */
export interface StreamFinished extends EventBase<'StreamFinished'> {
  readonly status: StreamStatus
  /** Why the model stopped. Null unless the stream is COMPLETED. */
  readonly finishReason: FinishReason | null
  readonly stream: ChatStream
  /** The saved answer: its id, and the digest of its parts. Null if nothing was produced. */
  readonly message: { readonly id: string; readonly digest: string } | null
}
/** A message that was sent with `ifBusy: 'STEER'` was accepted for the stream, applied, queued or withdrawn. */
export interface MessageSteered extends EventBase<'MessageSteered'> {
  /** As of this event. `userMessage` is as of its delivery, which may be later. */
  readonly steeringState: SteeringState
  readonly userMessage: ChatMessage
}
/** An approval was requested or resolved. */
export interface ApprovalChanged extends EventBase<'ApprovalChanged'> {
  /** As of this event. `approval` is as of its delivery, which may be later. */
  readonly state: DecisionState
  readonly decision: ApprovalDecision | null
  readonly approval: Approval
}
/** A clarification was requested or resolved. */
export interface ClarificationChanged extends EventBase<'ClarificationChanged'> {
  /** As of this event. `clarification` is as of its delivery, which may be later. */
  readonly state: DecisionState
  readonly answer: string | null
  readonly clarification: Clarification
}
/** A property of the session changed, such as its title. */
export interface SessionChanged extends EventBase<'SessionChanged'> {
  readonly session: SessionSummary
}
/** The chat goes on in the session `toId`: the last event of a session's log. */
export type SessionContinued = LogEventOfType<'SessionContinued'>
/** What was received so far is void: go on with this message, and in `followSession` read the messages again. */
export interface StreamReset extends Omit<DeliveredReset, 'message'> {
  readonly message: ChatMessage | null
}

/**
 * An event of a chat: those of the server's log, with what a page needs of the objects that they belong to. `seq` is its
 * number in the log of the session; pass it as `after` to go on after it. `at` is in epoch milliseconds. Offsets count
 * UTF-16 code units. What an event says itself, such as `status`, is as of the event; objects in it are as of its delivery.
 * Events of a kind that this version of the library does not know are left out.
 */
export type ChatEvent =
  | StreamStarted
  | LogEventOfType<'TextDelta'>
  | LogEventOfType<'ReasoningDelta'>
  | LogEventOfType<'ToolCallDelta'>
  | LogEventOfType<'ToolCallChanged'>
  | LogEventOfType<'FilePartAdded'>
  | LogEventOfType<'PartFinished'>
  | LogEventOfType<'StepFinished'>
  | MessageSteered
  | StreamChanged
  | LogEventOfType<'QueueChanged'>
  | ApprovalChanged
  | ClarificationChanged
  | SessionChanged
  | SessionContinued
  | StreamFinished
  | StreamReset
