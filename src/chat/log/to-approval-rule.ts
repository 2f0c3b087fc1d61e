import { deterministicId } from '../../lib/ids.ts'
import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'
import type { DecisionRecord } from '../../model/decision.ts'

/** The rule that the answer to an approval makes. Null if it counts for its own call only, or is the effect of another one. */
export function toApprovalRule(decision: DecisionRecord): ApprovalRuleRecord | null {
  if (decision.kind !== 'approval' || decision.releasedBy !== undefined || decision.resolvedAt === null) return null
  if (decision.decision !== 'SESSION' && decision.decision !== 'ALWAYS') return null
  return {
    id: deterministicId('approvalRule', decision.id, decision.resolvedAt),
    sessionId: decision.decision === 'SESSION' ? decision.sessionId : null,
    tool: decision.toolCall.name,
    pattern: decision.pattern ?? null,
    since: decision.resolvedAt,
    approvalId: decision.id,
  }
}
