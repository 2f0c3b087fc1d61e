import type { DecisionsRequest, DecisionStore, NumberedDecision } from '../decision-store.ts'
import type { DecisionRecord, ToolGrant } from '../../model/records.ts'
import type { ProfileDatabase } from './database/sqlite-database.ts'
import { type DecisionRow, fromDecision, toDecision } from './rows/row-mappers.ts'

/** Decisions and grants, in a profile's database. */
export class SqliteDecisionStore implements DecisionStore {
  readonly #database: ProfileDatabase

  constructor(database: ProfileDatabase) {
    this.#database = database
  }

  async decision(id: string): Promise<DecisionRecord | null> {
    const row = this.#database.prepare<[string], DecisionRow>('SELECT * FROM decisions WHERE id = ?').get(id)
    return row ? toDecision(row) : null
  }

  async decisions({
    kind,
    sessionIds,
    pending,
    after = 0,
    limit,
    newest,
  }: DecisionsRequest): Promise<NumberedDecision[]> {
    const conditions = ['kind = ?', 'change > ?']
    const values: (string | number)[] = [kind, after]
    if (sessionIds) {
      conditions.push('session_id IN (SELECT value FROM json_each(?))')
      values.push(JSON.stringify(sessionIds))
    }
    if (pending !== undefined) conditions.push(pending ? "state = 'PENDING'" : "state <> 'PENDING'")
    const rows = this.#database
      .prepare<(string | number)[], DecisionRow & { change: number }>(
        `SELECT * FROM decisions WHERE ${conditions.join(' AND ')} ORDER BY change ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
      )
      .all(...values, limit)
      .map((row) => ({ change: row.change, decision: toDecision(row) }))
    return newest ? rows.reverse() : rows
  }

  async newestChange(): Promise<number> {
    const row = this.#database.prepare<[], { newest: number }>('SELECT newest FROM decision_changes').get()
    return row?.newest ?? 0
  }

  async isGranted(tool: string, sessionId: string): Promise<boolean> {
    return (
      this.#database
        .prepare<[string, string]>("SELECT 1 FROM grants WHERE tool = ? AND coalesce(session_id, '') IN ('', ?)")
        .get(tool, sessionId) !== undefined
    )
  }

  async profileGrants(): Promise<string[]> {
    return this.#database
      .prepare<[], { tool: string }>('SELECT tool FROM grants WHERE session_id IS NULL ORDER BY tool')
      .all()
      .map(({ tool }) => tool)
  }

  async revokeGrants(tool: string): Promise<void> {
    this.#database.write(() => {
      this.#database.prepare<[string]>('DELETE FROM grants WHERE tool = ?').run(tool)
    })
  }
}

/** To be called inside of a transaction. */
export function putDecision(database: ProfileDatabase, decision: DecisionRecord): void {
  database.prepare('UPDATE decision_changes SET newest = newest + 1').run()
  database
    .prepare<[DecisionRow]>(
      `INSERT INTO decisions (id, session_id, kind, state, change, body)
       VALUES (:id, :session_id, :kind, :state, (SELECT newest FROM decision_changes), :body)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, change = excluded.change, body = excluded.body`,
    )
    .run(fromDecision(decision))
}

/** To be called inside of a transaction. */
export function putGrant(database: ProfileDatabase, { sessionId, tool }: ToolGrant): void {
  database
    .prepare<[string | null, string]>('INSERT OR IGNORE INTO grants (session_id, tool) VALUES (?, ?)')
    .run(sessionId, tool)
}

/** The grants of one session for another one. To be called inside of a transaction. */
export function copyGrants(database: ProfileDatabase, from: string, to: string): void {
  database
    .prepare<[string, string]>('INSERT OR IGNORE INTO grants SELECT ?, tool FROM grants WHERE session_id = ?')
    .run(to, from)
}
