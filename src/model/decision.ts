import type { JsonObject } from '../lib/text/json.ts'
import type { ToolCall } from './message.ts'

export type DecisionState = 'PENDING' | 'ANSWERED' | 'EXPIRED' | 'CANCELLED'
export type ApprovalDecision = 'ONCE' | 'SESSION' | 'ALWAYS' | 'DENY'

/** Times are in epoch milliseconds. */
interface DecisionBase {
  readonly id: string
  readonly sessionId: string
  readonly streamId: string
  /** The message and the part of the tool call that waits. */
  readonly messageId: string
  readonly partIndex: number
  /** The call as it was when it started to wait. */
  readonly toolCall: ToolCall
  readonly state: DecisionState
  readonly requestedAt: number
  readonly expiresAt: number | null
  readonly resolvedAt: number | null
}

/** Asks a person whether a tool call may run. */
export interface ApprovalRecord extends DecisionBase {
  readonly kind: 'approval'
  readonly description: string
  readonly choices: readonly ApprovalDecision[]
  readonly decision: ApprovalDecision | null
  /** A person's note, which the model is told. */
  readonly reason?: string
  /** What the tool runs with in place of the model's arguments. */
  readonly arguments?: JsonObject
  /** With SESSION and ALWAYS: the arguments of the calls that it allows from now on. Left out: any. */
  readonly pattern?: JsonObject
  /** The id of the approval whose SESSION or ALWAYS covers this call as well. */
  readonly releasedBy?: string
}

/** Asks a person a question of the model. */
export interface ClarificationRecord extends DecisionBase {
  readonly kind: 'clarification'
  readonly question: string
  /** Suggested answers. Any other answer is accepted as well. */
  readonly choices: readonly string[]
  /** JSON Schema of the values that the answer must have. Without it, the answer is a text. */
  readonly form?: JsonObject
  /** A tool asks while its call runs, as MCP servers do by elicitation. The answer is not the result of the call. */
  readonly duringCall?: true
  /** The text; of a form, the values as JSON. Null if there is none. */
  readonly answer: string | null
  /** The person declined to answer. */
  readonly declined?: true
}

export type DecisionRecord = ApprovalRecord | ClarificationRecord

/** Whether the call goes on running while the question waits, so that the answer is not its result. */
export function isAskedDuringToolCall(decision: DecisionRecord): boolean {
  return decision.kind === 'clarification' && decision.duringCall === true
}
