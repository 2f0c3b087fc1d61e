import { cutList } from '../../lib/lists/cut-list.ts'
import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'
import type { ApprovalRuleStore } from '../decisions/approval-rule-store.ts'
import type { IdempotencyKeyRecord } from '../idempotency-key.ts'
import { approvalRuleFromRow, type ApprovalRuleRow } from '../rows/approval-rule-row.ts'
import { insertIdempotencyKey } from './tables/idempotency-key-table.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'

const maxListed = 1_000 // rules

/** The rules of a session that is being deleted do not count. */
const selectRulesSql = `SELECT * FROM approval_rules
  WHERE (session_id IS NULL OR EXISTS (SELECT 1 FROM sessions WHERE sessions.id = approval_rules.session_id))`

/** The approval rules in a profile's database. */
export class SqliteApprovalRuleStore implements ApprovalRuleStore {
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async find(id: string): Promise<ApprovalRuleRecord | null> {
    const row = this.#database.prepare<[string], ApprovalRuleRow>(`${selectRulesSql} AND id = ?`).get(id)
    return row ? approvalRuleFromRow(row) : null
  }

  async list(): Promise<readonly ApprovalRuleRecord[]> {
    const rules = this.#database
      .prepare<[number], ApprovalRuleRow>(`${selectRulesSql} ORDER BY since DESC, id DESC LIMIT ?`)
      .all(maxListed + 1)
      .map(approvalRuleFromRow)
    return cutList(rules, maxListed)
  }

  async listForTool(tool: string, sessionId: string): Promise<ApprovalRuleRecord[]> {
    return this.#database
      .prepare<[string, string], ApprovalRuleRow>(
        `${selectRulesSql} AND tool = ? AND coalesce(session_id, '') IN ('', ?) ORDER BY since DESC, id DESC`,
      )
      .all(tool, sessionId)
      .map(approvalRuleFromRow)
  }

  async listAllowedTools(): Promise<string[]> {
    return this.#database
      .prepare<[], { tool: string }>(
        "SELECT tool FROM approval_rules WHERE session_id IS NULL AND pattern = '' ORDER BY tool",
      )
      .all()
      .map(({ tool }) => tool)
  }

  async delete(id: string, idempotencyKey: IdempotencyKeyRecord | null = null): Promise<boolean> {
    return this.#database.write(() => {
      const isDeleted = this.#deleteWhere('id = ?', id) > 0
      if (isDeleted && idempotencyKey) insertIdempotencyKey(this.#database, idempotencyKey)
      return isDeleted
    })
  }

  async deleteForTool(tool: string, idempotencyKey: IdempotencyKeyRecord | null = null): Promise<void> {
    await this.#database.write(() => {
      this.#deleteWhere('tool = ?', tool)
      if (idempotencyKey) insertIdempotencyKey(this.#database, idempotencyKey)
    })
  }

  /** How many there were. */
  #deleteWhere(condition: string, value: string): number {
    return this.#database.prepare<[string]>(`DELETE FROM approval_rules WHERE ${condition}`).run(value).changes
  }
}
