import type { JsonObject } from '../../../lib/text/json.ts'
import type { ApprovalDecision } from '../../../model/decision.ts'
import type { ToolCall } from '../../../model/message.ts'
import type { StreamEnding } from '../stream-ending.ts'

/** How a person decides about a call. */
export interface ApprovalAnswer {
  readonly type: 'decided'
  readonly decision: ApprovalDecision
  readonly reason?: string
  /** What the tool runs with. Not with DENY. */
  readonly arguments?: JsonObject
  /** With SESSION and ALWAYS: what they are narrowed to. */
  readonly pattern?: JsonObject
  /** The approval whose decision covers this call as well. */
  readonly releasedBy?: string
}

/** How a pending decision is resolved. */
export type DecisionResolution =
  | ApprovalAnswer
  | { readonly type: 'answered'; readonly answer: string }
  | { readonly type: 'declined' }
  | { readonly type: 'expired' }

/** How a call changes when the decision that it waits for is resolved. */
export function deriveResolvedCallOutcome(
  call: ToolCall,
  resolution: DecisionResolution,
  at: number,
): Partial<ToolCall> {
  switch (resolution.type) {
    case 'answered':
      return { state: 'SUCCEEDED', result: resolution.answer, finishedAt: at }
    case 'decided':
      return { ...toApprovalAnswer(resolution), ...deriveDecidedCallOutcome(resolution.decision, at) }
    case 'declined':
      return { state: 'FAILED', error: 'The user declined to answer.', finishedAt: at }
    case 'expired':
      return isClarification(call)
        ? { state: 'FAILED', error: 'Nobody answered in time.', finishedAt: at }
        : { state: 'DENIED', error: 'Nobody allowed this call in time. It was not run.', finishedAt: at }
  }
}

function deriveDecidedCallOutcome(decision: ApprovalDecision, at: number): Partial<ToolCall> {
  if (decision !== 'DENY') return { state: 'RUNNING', startedAt: at }
  return { state: 'DENIED', error: 'The user did not allow this call. It was not run.', finishedAt: at }
}

function toApprovalAnswer({ reason, arguments: changed }: ApprovalAnswer): Pick<ToolCall, 'approvalAnswer'> {
  if (reason === undefined && changed === undefined) return {}
  return { approvalAnswer: { ...(reason !== undefined && { reason }), ...(changed && { arguments: changed }) } }
}

/** How a call ends that still waits for a person at the end of its stream. It is known to have had no effect. */
export function deriveUnansweredCallOutcome(call: ToolCall, ending: StreamEnding): Pick<ToolCall, 'state' | 'error'> {
  if (ending.status === 'CANCELLED') return { state: 'CANCELLED', error: null }
  const hasServerStopped = ending.status === 'INTERRUPTED'
  if (isClarification(call)) {
    const error = hasServerStopped
      ? 'The server stopped before anybody had answered.'
      : 'The answer failed before anybody had answered.'
    return { state: 'CANCELLED', error }
  }
  const error = hasServerStopped
    ? 'The server stopped before anybody had allowed this call. It was not run.'
    : 'The answer failed before anybody had allowed this call. It was not run.'
  return { state: 'CANCELLED', error }
}

/** How any other call ends that is open at the end of its stream. `hasStarted`: its tool may have run. */
export function deriveOpenCallOutcome(ending: StreamEnding, hasStarted: boolean): Pick<ToolCall, 'state' | 'error'> {
  if (ending.status === 'CANCELLED') return { state: 'CANCELLED', error: null }
  if (hasStarted) return { state: 'OUTCOME_UNKNOWN', error: null }
  return { state: 'FAILED', error: 'The answer ended before the call was complete. It was not run.' }
}

/** A clarification runs while a person thinks about it; a call that needs approval has not started. */
function isClarification({ state }: ToolCall): boolean {
  return state === 'RUNNING'
}
