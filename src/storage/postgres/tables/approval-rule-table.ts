import type { ApprovalRuleRecord } from '../../../model/approval-rule.ts'
import { type ApprovalRuleRow, approvalRuleToRow } from '../../rows/approval-rule-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresStatement,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'

const insert = defineInsert<ApprovalRuleRow>(
  'insert-approval-rules',
  'approval_rules',
  { id: 'text', session_id: 'text', tool: 'text', pattern: 'text', since: 'bigint', approval_id: 'text' },
  'ON CONFLICT DO NOTHING',
)

const move: PostgresStatement = {
  name: 'move-approval-rules',
  text: 'UPDATE approval_rules SET session_id = $3 WHERE profile = $1 AND session_id = $2',
}

/** Leaves out rules that allow what is allowed there already. */
export async function insertApprovalRules(
  tx: PostgresTransaction,
  rules: readonly ApprovalRuleRecord[],
): Promise<void> {
  await insertRows(tx, insert, rules.map(approvalRuleToRow))
}

/** Gives one session the rules of another, which has none afterwards. */
export async function moveApprovalRules(
  tx: PostgresTransaction,
  fromSessionId: string,
  toSessionId: string,
): Promise<void> {
  await tx.execute(move, [fromSessionId, toSessionId])
}
