import type { DecisionRecord } from '../../model/decision.ts'
import type {
  ChangedDecision,
  DecisionQuery,
  DecisionStore,
  ResolvedDecisionQuery,
} from '../decisions/decision-store.ts'
import { type DecisionRow, decisionFromRow } from '../rows/decision-row.ts'
import { readLatestChangeSeq } from './database/change-sequences.ts'
import type { PostgresStatement } from './database/postgres-statement.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'

const maxDecisionsPerPage = 1_001

const selectByIds: PostgresStatement = {
  name: 'select-decisions',
  text: 'SELECT * FROM decisions WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectByToolCalls: PostgresStatement = {
  name: 'select-decisions-of-tool-calls',
  text: 'SELECT * FROM decisions WHERE profile = $1 AND tool_call_id = ANY($2::text[])',
}

const selectResolved: PostgresStatement = {
  name: 'select-resolved-decisions',
  text: `SELECT * FROM decisions WHERE profile = $1 AND kind = $2 AND state <> 'PENDING' ORDER BY change DESC LIMIT $3`,
}

/** The decisions of a profile. */
export class PostgresDecisionStore implements DecisionStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async findDecision(id: string): Promise<DecisionRecord | null> {
    const [decision] = await this.findDecisions([id])
    return decision ?? null
  }

  async findDecisions(ids: readonly string[]): Promise<DecisionRecord[]> {
    const rows = await this.#database.query<DecisionRow>(selectByIds, [ids])
    return rows.map(decisionFromRow)
  }

  async findDecisionsOfToolCalls(toolCallIds: readonly string[]): Promise<DecisionRecord[]> {
    const rows = await this.#database.query<DecisionRow>(selectByToolCalls, [toolCallIds])
    return rows.map(decisionFromRow)
  }

  async listDecisions(query: DecisionQuery): Promise<ChangedDecision[]> {
    const { kind, sessionIds, afterChangeSeq = 0, limit, preferLatest } = query
    const values = [kind, afterChangeSeq, Math.min(limit, maxDecisionsPerPage), ...(sessionIds ? [sessionIds] : [])]
    const rows = await this.#database.query<DecisionRow>(toListStatement(query), values)
    const decisions = rows.map(toChangedDecision)
    return preferLatest ? decisions.reverse() : decisions
  }

  async listResolvedDecisions({ kind, resolvedAfter, limit }: ResolvedDecisionQuery): Promise<ChangedDecision[]> {
    const rows = await this.#database.query<DecisionRow>(selectResolved, [kind, Math.min(limit, maxDecisionsPerPage)])
    return rows
      .map(toChangedDecision)
      .filter(({ decision }) => decision.resolvedAt !== null && decision.resolvedAt > resolvedAfter)
      .reverse()
  }

  loadLatestChangeSeq(): Promise<number> {
    return readLatestChangeSeq(this.#database, 'decisions')
  }
}

/** One statement for each form of a query. */
function toListStatement({ sessionIds, isPending, preferLatest }: DecisionQuery): PostgresStatement {
  const state = isPending === undefined ? '' : isPending ? "AND state = 'PENDING'" : "AND state <> 'PENDING'"
  const forms = [
    isPending === undefined ? 'all' : isPending ? 'pending' : 'resolved',
    ...(sessionIds ? ['of-sessions'] : []),
    ...(preferLatest ? ['latest'] : []),
  ]
  return {
    name: `list-decisions-${forms.join('-')}`,
    text: `SELECT * FROM decisions WHERE profile = $1 AND kind = $2 AND change > $3 ${state}
      ${sessionIds ? 'AND session_id = ANY($5::text[])' : ''} ORDER BY change ${preferLatest ? 'DESC' : 'ASC'} LIMIT $4`,
  }
}

function toChangedDecision(row: DecisionRow): ChangedDecision {
  return { changeSeq: row.change, decision: decisionFromRow(row) }
}
