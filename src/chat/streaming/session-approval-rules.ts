import type { JsonObject } from '../../lib/text/json.ts'
import { argumentsMatch } from '../../lib/text/argument-pattern.ts'
import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'
import type { ApprovalRecord, DecisionRecord } from '../../model/decision.ts'
import type { ApprovalRuleStore } from '../../storage/decisions/approval-rule-store.ts'

/** What is allowed in one session without asking. */
export class SessionApprovalRules {
  readonly #store: Pick<ApprovalRuleStore, 'listForTool'>
  readonly #sessionId: string

  constructor(store: Pick<ApprovalRuleStore, 'listForTool'>, sessionId: string) {
    this.#store = store
    this.#sessionId = sessionId
  }

  /** The newest rule by which a call of a tool needs no approval. Null if it needs one. */
  async findRule(tool: string, callArguments: JsonObject): Promise<ApprovalRuleRecord | null> {
    const rules = await this.#store.listForTool(tool, this.#sessionId)
    return rules.find((rule) => ruleAllows(rule, callArguments)) ?? null
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

/** Whether a call with these arguments needs no approval. */
function ruleAllows(rule: Pick<ApprovalRuleRecord, 'pattern'>, callArguments: JsonObject): boolean {
  return rule.pattern === null || argumentsMatch(rule.pattern, callArguments)
}
