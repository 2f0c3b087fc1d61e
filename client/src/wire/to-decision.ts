import type { Approval, Clarification } from '../model/decision.ts'
import { toTime, toToolCall } from './to-message.ts'
import { omitNulls } from './omit-nulls.ts'
import type { WireApproval, WireClarification, WireDecision } from './wire-types.ts'

export function toApproval({ reason, arguments: changed, pattern, releasedBy, ...approval }: WireApproval): Approval {
  return {
    kind: 'approval',
    ...toDecisionFields(approval),
    ...omitNulls({ reason, arguments: changed, pattern, releasedBy: releasedBy?.id }),
  }
}

export function toClarification({ form, declined, ...clarification }: WireClarification): Clarification {
  return {
    kind: 'clarification',
    ...toDecisionFields(clarification),
    ...omitNulls({ form }),
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
    expiresAt: toTime(expiresAt),
    resolvedAt: toTime(resolvedAt),
  }
}
