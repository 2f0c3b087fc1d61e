import type { DecisionRecord } from '../../../model/decision.ts'
import { type DecisionRow, decisionToRow } from '../../rows/decision-row.ts'
import { allocateChangeSeqs } from '../database/change-sequences.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresTransaction,
  setAllColumns,
} from '../database/postgres-statement.ts'

/** With what is looked up: PostgreSQL does not read JSON that contains U+0000. */
interface StoredDecisionRow extends DecisionRow {
  readonly tool_call_id: string | null
}

const columns: PostgresColumns<StoredDecisionRow> = {
  id: 'text',
  session_id: 'text',
  kind: 'text',
  state: 'text',
  change: 'bigint',
  body: 'text',
  tool_call_id: 'text',
}

const upsert = defineInsert(
  'upsert-decisions',
  'decisions',
  columns,
  `ON CONFLICT (profile, id) DO UPDATE ${setAllColumns(columns, ['id'])}`,
)

/** Inserts decisions, or replaces those with their ids, each under the next number, in this order. */
export async function upsertDecisions(tx: PostgresTransaction, decisions: readonly DecisionRecord[]): Promise<void> {
  // The last of several with the same id.
  const changed = [...new Map(decisions.map((decision) => [decision.id, decision])).values()]
  const changeSeqs = await allocateChangeSeqs(tx, 'decisions', changed.length)
  const rows = changed.map((decision, index) =>
    Object.assign(decisionToRow(decision, changeSeqs[index] ?? 0), { tool_call_id: decision.toolCall.id }),
  )
  await insertRows(tx, upsert, rows)
}
