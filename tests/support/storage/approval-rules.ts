import { newId } from '../../../src/lib/ids.ts'
import type { ApprovalRuleRecord } from '../../../src/model/approval-rule.ts'
import type { ApprovalRuleStore } from '../../../src/storage/decisions/approval-rule-store.ts'

/** A rule that allows all calls of a tool, unless `fields` says otherwise. */
export function approvalRuleOf(
  fields: Partial<ApprovalRuleRecord> & Pick<ApprovalRuleRecord, 'tool' | 'sessionId'>,
): ApprovalRuleRecord {
  return { id: newId('approvalRule'), pattern: null, since: 1_000, approvalId: null, ...fields }
}

/** Whether a rule counts for the calls of a tool in a session. */
export async function hasRule(rules: ApprovalRuleStore, tool: string, sessionId: string): Promise<boolean> {
  return (await rules.listForTool(tool, sessionId)).length > 0
}
