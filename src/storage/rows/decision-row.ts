import { parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import type { DecisionRecord } from '../../model/decision.ts'

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

export function decisionToRow(decision: DecisionRecord, change: number): DecisionRow {
  const { id, sessionId, kind, state } = decision
  return { id, session_id: sessionId, kind, state, change, body: stringifyJson(decision) }
}
