import { isJsonObject, parseJson, stringifyJson } from '../../lib/text/json.ts'
import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'

/** A row of `approval_rules`. */
export interface ApprovalRuleRow<SessionId extends string | null = string | null> {
  readonly id: string
  readonly session_id: SessionId
  readonly tool: string
  /** JSON; empty if any arguments are allowed. */
  readonly pattern: string
  readonly since: number
  readonly approval_id: string | null
}

export function approvalRuleFromRow<SessionId extends string | null>(
  row: ApprovalRuleRow<SessionId>,
): ApprovalRuleRecord & { readonly sessionId: SessionId } {
  const pattern = parseJson(row.pattern)
  return {
    id: row.id,
    sessionId: row.session_id,
    tool: row.tool,
    pattern: isJsonObject(pattern) ? pattern : null,
    since: row.since,
    approvalId: row.approval_id,
  }
}

export function approvalRuleToRow(rule: ApprovalRuleRecord): ApprovalRuleRow {
  return {
    id: rule.id,
    session_id: rule.sessionId,
    tool: rule.tool,
    pattern: rule.pattern === null ? '' : stringifyJson(rule.pattern),
    since: rule.since,
    approval_id: rule.approvalId,
  }
}
