import type { ApprovalDecision, DecisionState } from '../../../src/model/decision.ts'
import type { Json, JsonObject } from '../../../src/lib/text/json.ts'
import type { MessageKind, MessageStatus, Role, ToolCallState } from '../../../src/model/message.ts'
import type { FinishReason, StreamErrorCode, StreamStatus } from '../../../src/model/stream.ts'
import type { SteeringState } from '../../../src/model/steering.ts'
import type { StreamReset } from '../../../src/model/chat-event.ts'
import type { Usage, UsageCost } from '../../../src/model/usage.ts'
import type { SessionContext } from '../model/session-context.ts'

/** What documents select, as JSON. Times are RFC 3339. */
export interface WireId {
  readonly id: string
}

export type WireUsage = Omit<Usage, 'cost'> & { readonly cost: UsageCost | null }

export interface WireToolCall extends WireId {
  readonly providerId: string | null
  readonly name: string
  readonly argumentsText: string
  readonly state: ToolCallState
  readonly result: Json
  readonly error: string | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly approval: Pick<WireApproval, 'reason' | 'arguments'> | null
}

export interface WireStream extends WireId {
  readonly status: StreamStatus
  readonly model: string
  readonly effort: string | null
  readonly lastSeq: number
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly finishReason: FinishReason | null
  readonly retryAt: string | null
  readonly usage: WireUsage
  readonly session: WireId
  readonly error: { readonly code: StreamErrorCode; readonly message: string; readonly retryAt: string | null } | null
}

export interface WireDecision extends WireId {
  readonly state: DecisionState
  readonly requestedAt: string
  readonly expiresAt: string | null
  readonly resolvedAt: string | null
  readonly session: WireId
  readonly stream: WireId
  readonly toolCall: WireToolCall
}

export interface WireApproval extends WireDecision {
  readonly description: string
  readonly choices: readonly ApprovalDecision[]
  readonly decision: ApprovalDecision | null
  readonly reason: string | null
  readonly arguments: JsonObject | null
  readonly pattern: JsonObject | null
  readonly releasedBy: WireId | null
}

export interface WireClarification extends WireDecision {
  readonly question: string
  readonly choices: readonly string[]
  readonly form: JsonObject | null
  readonly answer: string | null
  readonly declined: boolean
}

interface WirePartBase {
  readonly index: number
  readonly step: number
  readonly startedAt: string | null
  readonly endedAt: string | null
}

export type WirePart =
  | (WirePartBase & { readonly __typename: 'TextPart' | 'ReasoningPart'; readonly text: string })
  | (WirePartBase & { readonly __typename: 'ToolCallPart'; readonly toolCall: WireToolCall })
  | (WirePartBase & {
      readonly __typename: 'FilePart'
      readonly mediaType: string
      readonly name: string | null
      readonly url: string
    })

export interface WireMessage extends WireId {
  readonly role: Role
  readonly kind: MessageKind
  readonly status: MessageStatus | 'WITHDRAWN'
  readonly createdAt: string
  readonly model: string | null
  readonly usage: WireUsage | null
  readonly session: WireId
  readonly stream: WireId | null
  readonly steering: {
    readonly state: SteeringState
    readonly step: number | null
    readonly partIndex: number | null
    readonly stream: WireId
  } | null
  readonly parts: readonly WirePart[]
}

interface WireEventBase {
  readonly seq: number
  readonly at: string
  readonly sessionId: string
  readonly streamId: string | null
}

interface WirePartEvent extends WireEventBase {
  readonly messageId: string
  readonly partIndex: number
}

interface WireDeltaEvent extends WirePartEvent, Pick<WirePartBase, 'step' | 'startedAt'> {
  readonly offset: number
}

export type WireEvent =
  | (WireEventBase & {
      readonly __typename: 'StreamStarted'
      readonly status: StreamStatus
      readonly stream: WireStream
      readonly userMessage: WireMessage
    })
  | (WireDeltaEvent & { readonly __typename: 'TextDelta' | 'ReasoningDelta'; readonly text: string })
  | (WireDeltaEvent & {
      readonly __typename: 'ToolCallDelta'
      readonly toolCallId: string
      readonly toolName: string
      readonly argumentsText: string
    })
  | (WirePartEvent & { readonly __typename: 'ToolCallChanged'; readonly toolCall: WireToolCall })
  | (WirePartEvent & {
      readonly __typename: 'FilePartAdded'
      readonly step: number
      readonly mediaType: string
      readonly name: string | null
      readonly url: string
    })
  | (WirePartEvent & { readonly __typename: 'PartFinished' })
  | (WireEventBase & {
      readonly __typename: 'StepFinished'
      readonly step: number
      readonly finishReason: FinishReason | null
      readonly usage: WireUsage
    })
  | (WireEventBase & {
      readonly __typename: 'MessageSteered'
      readonly steeringState: SteeringState
      readonly userMessage: WireMessage
    })
  | (WireEventBase & {
      readonly __typename: 'StreamChanged'
      readonly status: StreamStatus
      readonly stream: WireStream & { readonly userMessage: WireMessage }
    })
  | (WireEventBase & { readonly __typename: 'QueueChanged'; readonly streamIds: readonly string[] })
  | (WireEventBase & {
      readonly __typename: 'ApprovalChanged'
      readonly state: DecisionState
      readonly decision: ApprovalDecision | null
      readonly approval: WireApproval
    })
  | (WireEventBase & {
      readonly __typename: 'ClarificationChanged'
      readonly state: DecisionState
      readonly answer: string | null
      readonly clarification: WireClarification
    })
  | (WireEventBase & {
      readonly __typename: 'SessionChanged'
      readonly session: WireId & {
        readonly title: string | null
        readonly model: string | null
        readonly effort: string | null
        readonly compacting: boolean
        readonly context: SessionContext | null
      }
    })
  | (WireEventBase & { readonly __typename: 'SessionContinued'; readonly toId: string })
  | (WireEventBase & {
      readonly __typename: 'StreamFinished'
      readonly status: StreamStatus
      readonly finishReason: FinishReason | null
      readonly stream: WireStream
      readonly message: (WireId & { readonly digest: string }) | null
    })
  | (WireEventBase & {
      readonly __typename: 'StreamReset'
      readonly reason: StreamReset['reason']
      readonly message: WireMessage | null
    })
