import type { JsonObject } from '../../lib/text/json.ts'
import { deterministicId } from '../../lib/ids.ts'
import { argumentsMatch } from './argument-pattern.ts'
import type { ApprovalRecord, DecisionRecord } from '../decision.ts'

/** What a person has allowed without being asked again: calls of a tool, in one session or in the whole profile. */
export interface ApprovalRuleRecord {
  readonly id: string
  /** Null: in the whole profile. */
  readonly sessionId: string | null
  readonly tool: string
  /** The arguments that calls must have. Null: any. */
  readonly pattern: JsonObject | null
  /** Epoch milliseconds. */
  readonly since: number
  /** The approval whose SESSION or ALWAYS made it. Null if that is not known. */
  readonly approvalId: string | null
}

/** A rule that counts in one session. */
export type SessionApprovalRule = ApprovalRuleRecord & { readonly sessionId: string }

/** Whether a call with these arguments needs no approval. */
export function ruleAllows(rule: Pick<ApprovalRuleRecord, 'pattern'>, callArguments: JsonObject): boolean {
  return rule.pattern === null || argumentsMatch(rule.pattern, callArguments)
}

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

/** Whether the answer to an approval allows a waiting call of the same tool as well. */
export function ruleCoversApproval(
  rule: ApprovalRuleRecord,
  waiting: DecisionRecord,
  callArguments: JsonObject,
): waiting is ApprovalRecord {
  return (
    waiting.kind === 'approval' &&
    waiting.toolCall.name === rule.tool &&
    (rule.sessionId === null || rule.sessionId === waiting.sessionId) &&
    ruleAllows(rule, callArguments)
  )
}
