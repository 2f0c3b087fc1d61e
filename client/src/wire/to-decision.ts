import type { Approval, Clarification } from '../model/decision.ts'
import { toOptionalTime, toTime, toToolCall } from './to-message.ts'
import type { WireApproval, WireClarification } from './wire-types.ts'

export function toApproval(approval: WireApproval): Approval {
  const { description, choices, decision, reason, arguments: changed, releasedBy } = approval
  return {
    kind: 'approval',
    ...toDecisionFields(approval),
    description,
    choices,
    decision,
    ...(reason !== null && { reason }),
    ...(changed !== null && { arguments: changed }),
    ...(releasedBy !== null && { releasedBy: releasedBy.id }),
  }
}

export function toClarification(clarification: WireClarification): Clarification {
  const { question, choices, form, answer, declined } = clarification
  return {
    kind: 'clarification',
    ...toDecisionFields(clarification),
    question,
    choices,
    answer,
    ...(form !== null && { form }),
    ...(declined && { declined }),
  }
}

function toDecisionFields(decision: WireApproval | WireClarification) {
  const { id, state, session, stream, toolCall, requestedAt, expiresAt, resolvedAt } = decision
  return {
    id,
    state,
    sessionId: session.id,
    streamId: stream.id,
    toolCall: toToolCall(toolCall),
    requestedAt: toTime(requestedAt),
    expiresAt: toOptionalTime(expiresAt),
    resolvedAt: toOptionalTime(resolvedAt),
  }
}
