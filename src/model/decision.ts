import type { ToolCall } from './message.ts'

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
