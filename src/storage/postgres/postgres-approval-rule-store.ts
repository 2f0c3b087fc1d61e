import { cutList } from '../../lib/lists/cut-list.ts'
import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'
import type { ApprovalRuleStore } from '../decisions/approval-rule-store.ts'
import type { IdempotencyKeyRecord } from '../idempotency-key.ts'
import { type ApprovalRuleRow, approvalRuleFromRow } from '../rows/approval-rule-row.ts'
import type { PostgresStatement } from './database/postgres-statement.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'
import { insertIdempotencyKey } from './tables/idempotency-key-table.ts'

const maxListed = 1_000 // rules

const selectRule: PostgresStatement = {
  name: 'select-approval-rule',
  text: 'SELECT * FROM approval_rules WHERE profile = $1 AND id = $2',
}

const selectRules: PostgresStatement = {
  name: 'select-approval-rules',
  text: `SELECT * FROM approval_rules WHERE profile = $1 ORDER BY since DESC, id DESC LIMIT ${maxListed + 1}`,
}

const selectRulesForTool: PostgresStatement = {
  name: 'select-approval-rules-for-tool',
  text: `SELECT * FROM approval_rules WHERE profile = $1 AND tool = $2 AND coalesce(session_id, '') IN ('', $3)
    ORDER BY since DESC, id DESC`,
}

const selectAllowedTools: PostgresStatement = {
  name: 'select-allowed-tools',
  text: `SELECT tool FROM approval_rules WHERE profile = $1 AND session_id IS NULL AND pattern = '' ORDER BY tool`,
}

const deleteById: PostgresStatement = {
  name: 'delete-approval-rule',
  text: 'DELETE FROM approval_rules WHERE profile = $1 AND id = $2',
}

const deleteByTool: PostgresStatement = {
  name: 'delete-approval-rules-for-tool',
  text: 'DELETE FROM approval_rules WHERE profile = $1 AND tool = $2',
}

/** The approval rules of a profile. */
export class PostgresApprovalRuleStore implements ApprovalRuleStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async find(id: string): Promise<ApprovalRuleRecord | null> {
    const [row] = await this.#database.query<ApprovalRuleRow>(selectRule, [id])
    return row ? approvalRuleFromRow(row) : null
  }

  async list(): Promise<readonly ApprovalRuleRecord[]> {
    const rows = await this.#database.query<ApprovalRuleRow>(selectRules)
    return cutList(rows.map(approvalRuleFromRow), maxListed)
  }

  async listForTool(tool: string, sessionId: string): Promise<ApprovalRuleRecord[]> {
    const rows = await this.#database.query<ApprovalRuleRow>(selectRulesForTool, [tool, sessionId])
    return rows.map(approvalRuleFromRow)
  }

  async listAllowedTools(): Promise<string[]> {
    const rows = await this.#database.query<{ tool: string }>(selectAllowedTools)
    return rows.map(({ tool }) => tool)
  }

  delete(id: string, idempotencyKey: IdempotencyKeyRecord | null = null): Promise<boolean> {
    return this.#database.write(async (transaction) => {
      const isDeleted = (await transaction.execute(deleteById, [id])) > 0
      if (isDeleted && idempotencyKey) await insertIdempotencyKey(transaction, idempotencyKey)
      return isDeleted
    })
  }

  async deleteForTool(tool: string, idempotencyKey: IdempotencyKeyRecord | null = null): Promise<void> {
    await this.#database.write(async (transaction) => {
      await transaction.execute(deleteByTool, [tool])
      if (idempotencyKey) await insertIdempotencyKey(transaction, idempotencyKey)
    })
  }
}
