import type { DecisionRecord } from '../../model/decision.ts'
import type {
  ChangedDecision,
  DecisionQuery,
  DecisionStore,
  ResolvedDecisionQuery,
} from '../decisions/decision-store.ts'
import { readLatestChangeSeq } from './database/change-sequences.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'
import { isOfExistingSessionSql } from './tables/deletion-queue-condition.ts'
import { decisionFromRow, type DecisionRow } from '../rows/decision-row.ts'

const maxDecisionsPerPage = 1_001
const selectDecisionsSql = `SELECT * FROM decisions WHERE ${isOfExistingSessionSql('decisions')}`

/** The decisions in a profile's database. */
export class SqliteDecisionStore implements DecisionStore {
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async findDecision(id: string): Promise<DecisionRecord | null> {
    const row = this.#database.prepare<[string], DecisionRow>(`${selectDecisionsSql} AND id = ?`).get(id)
    return row ? decisionFromRow(row) : null
  }

  async findDecisions(ids: readonly string[]): Promise<DecisionRecord[]> {
    return this.#findIn('id', ids)
  }

  async findDecisionsOfToolCalls(toolCallIds: readonly string[]): Promise<DecisionRecord[]> {
    return this.#findIn('tool_call_id', toolCallIds)
  }

  async listDecisions({
    kind,
    sessionIds,
    isPending,
    afterChangeSeq = 0,
    limit,
    preferLatest,
  }: DecisionQuery): Promise<ChangedDecision[]> {
    const conditions = ['kind = ?', 'change > ?']
    const values: (string | number)[] = [kind, afterChangeSeq]
    if (sessionIds) {
      conditions.push('session_id IN (SELECT value FROM json_each(?))')
      values.push(JSON.stringify(sessionIds))
    }
    if (isPending !== undefined) conditions.push(isPending ? "state = 'PENDING'" : "state <> 'PENDING'")
    const rows = this.#database
      .prepare<(string | number)[], DecisionRow>(
        `${selectDecisionsSql} AND ${conditions.join(' AND ')} ORDER BY change ${preferLatest ? 'DESC' : 'ASC'} LIMIT ?`,
      )
      .all(...values, Math.min(limit, maxDecisionsPerPage))
      .map((row) => ({ changeSeq: row.change, decision: decisionFromRow(row) }))
    return preferLatest ? rows.reverse() : rows
  }

  async listResolvedDecisions({ kind, resolvedAfter, limit }: ResolvedDecisionQuery): Promise<ChangedDecision[]> {
    return this.#database
      .prepare<[string, number, number], DecisionRow>(
        `SELECT * FROM (
           ${selectDecisionsSql} AND kind = ? AND state <> 'PENDING' ORDER BY change DESC LIMIT ?
         ) WHERE json_extract(body, '$.resolvedAt') > ? ORDER BY change`,
      )
      .all(kind, Math.min(limit, maxDecisionsPerPage), resolvedAfter)
      .map((row) => ({ changeSeq: row.change, decision: decisionFromRow(row) }))
  }

  async loadLatestChangeSeq(): Promise<number> {
    return readLatestChangeSeq(this.#database, 'decisions')
  }

  #findIn(column: 'id' | 'tool_call_id', ids: readonly string[]): DecisionRecord[] {
    if (ids.length === 0) return []
    return this.#database
      .prepare<[string], DecisionRow>(`${selectDecisionsSql} AND ${column} IN (SELECT value FROM json_each(?))`)
      .all(JSON.stringify(ids))
      .map((row) => decisionFromRow(row))
  }
}
