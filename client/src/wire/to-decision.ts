import type { Approval, Clarification } from '../model/decision.ts'
import { toOptionalTime, toTime, toToolCall } from './to-message.ts'
import type { WireApproval, WireClarification, WireDecision } from './wire-types.ts'

export function toApproval({ reason, arguments: changed, releasedBy, ...approval }: WireApproval): Approval {
  return {
    kind: 'approval',
    ...toDecisionFields(approval),
    ...(reason !== null && { reason }),
    ...(changed !== null && { arguments: changed }),
    ...(releasedBy !== null && { releasedBy: releasedBy.id }),
  }
}

export function toClarification({ form, declined, ...clarification }: WireClarification): Clarification {
  return {
    kind: 'clarification',
    ...toDecisionFields(clarification),
    ...(form !== null && { form }),
    ...(declined && { declined }),
  }
}

function toDecisionFields<Wire extends WireDecision>(decision: Wire) {
  const { session, stream, toolCall, requestedAt, expiresAt, resolvedAt, ...fields } = decision
  return {
    ...fields,
    sessionId: session.id,
    streamId: stream.id,
    toolCall: toToolCall(toolCall),
    requestedAt: toTime(requestedAt),
    expiresAt: toOptionalTime(expiresAt),
    resolvedAt: toOptionalTime(resolvedAt),
  }
}
