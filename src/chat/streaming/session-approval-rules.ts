import type { JsonObject } from '../../lib/text/json.ts'
import { type ApprovalRuleRecord, ruleAllows } from '../../model/approval/approval-rule.ts'
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
