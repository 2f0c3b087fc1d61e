import type { ApprovalRuleRecord } from '../../../model/approval-rule.ts'
import { type ApprovalRuleRow, approvalRuleToRow } from '../../rows/approval-rule-row.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

/** Does nothing if the same is allowed there already. Call it inside a transaction. */
export function insertApprovalRule(db: SqlConnection, rule: ApprovalRuleRecord): void {
  db.prepare<[ApprovalRuleRow]>(
    `INSERT OR IGNORE INTO approval_rules (id, session_id, tool, pattern, since, approval_id)
     VALUES (:id, :session_id, :tool, :pattern, :since, :approval_id)`,
  ).run(approvalRuleToRow(rule))
}

/** Gives one session the rules of another, which has none afterwards. Call it inside a transaction. */
export function moveApprovalRules(db: SqlConnection, fromSessionId: string, toSessionId: string): void {
  db.prepare<[string, string]>('UPDATE approval_rules SET session_id = ? WHERE session_id = ?').run(
    toSessionId,
    fromSessionId,
  )
}
