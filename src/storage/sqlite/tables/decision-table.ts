import type { DecisionRecord } from '../../../model/decision.ts'
import { allocateChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { type DecisionRow, decisionToRow } from '../../rows/decision-row.ts'

/** Inserts a decision, or replaces the one with its id, under the next number. Call it inside a transaction. */
export function upsertDecision(db: SqlConnection, decision: DecisionRecord): void {
  db.prepare<[DecisionRow]>(
    `INSERT INTO decisions (id, session_id, kind, state, change, body)
     VALUES (:id, :session_id, :kind, :state, :change, :body)
     ON CONFLICT (id) DO UPDATE SET session_id = :session_id, kind = :kind, state = :state, change = :change,
       body = :body`,
  ).run(decisionToRow(decision, allocateChangeSeq(db, 'decisions')))
}
