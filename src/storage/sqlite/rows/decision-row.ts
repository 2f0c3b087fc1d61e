import { parseJsonWithExactNumbers, stringifyJson } from '../../../lib/text/json.ts'
import type { DecisionRecord } from '../../../model/decision.ts'
import { allocateChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

export interface DecisionRow {
  id: string
  session_id: string
  kind: DecisionRecord['kind']
  state: DecisionRecord['state']
  /** The number of its latest change. */
  change: number
  body: string
}

export function decisionFromRow(row: DecisionRow): DecisionRecord {
  return parseJsonWithExactNumbers(row.body)
}

function decisionToRow(decision: DecisionRecord, change: number): DecisionRow {
  const { id, sessionId, kind, state } = decision
  return { id, session_id: sessionId, kind, state, change, body: stringifyJson(decision) }
}

/** Inserts a decision, or replaces the one with its id, under the next number. Call it inside a transaction. */
export function upsertDecision(db: SqlConnection, decision: DecisionRecord): void {
  db.prepare<[DecisionRow]>(
    `INSERT INTO decisions (id, session_id, kind, state, change, body)
     VALUES (:id, :session_id, :kind, :state, :change, :body)
     ON CONFLICT (id) DO UPDATE SET session_id = :session_id, kind = :kind, state = :state, change = :change,
       body = :body`,
  ).run(decisionToRow(decision, allocateChangeSeq(db, 'decisions')))
}
