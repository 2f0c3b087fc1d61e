import { isJsonObject, parseJson, stringifyJson } from '../../../lib/text/json.ts'
import type { ApprovalRuleRecord } from '../../../model/approval-rule.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

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

/** Does nothing if the same is allowed there already. Call it inside a transaction. */
export function insertApprovalRule(db: SqlConnection, rule: ApprovalRuleRecord): void {
  db.prepare<[string, string | null, string, string, number, string | null]>(
    'INSERT OR IGNORE INTO approval_rules (id, session_id, tool, pattern, since, approval_id) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(
    rule.id,
    rule.sessionId,
    rule.tool,
    rule.pattern === null ? '' : stringifyJson(rule.pattern),
    rule.since,
    rule.approvalId,
  )
}

/** Gives one session the rules of another, which has none afterwards. Call it inside a transaction. */
export function moveApprovalRules(db: SqlConnection, fromSessionId: string, toSessionId: string): void {
  db.prepare<[string, string]>('UPDATE approval_rules SET session_id = ? WHERE session_id = ?').run(
    toSessionId,
    fromSessionId,
  )
}
