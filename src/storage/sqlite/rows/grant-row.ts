import type { ToolGrant } from '../../../model/decision.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

/** Does nothing if the tool is already granted there. Call it inside a transaction. */
export function insertToolGrant(db: SqlConnection, { sessionId, tool }: ToolGrant): void {
  db.prepare<[string | null, string]>('INSERT OR IGNORE INTO grants (session_id, tool) VALUES (?, ?)').run(
    sessionId,
    tool,
  )
}

/** Gives one session the grants of another. Call it inside a transaction. */
export function copyToolGrants(db: SqlConnection, fromSessionId: string, toSessionId: string): void {
  db.prepare<[string, string]>('INSERT OR IGNORE INTO grants SELECT ?, tool FROM grants WHERE session_id = ?').run(
    toSessionId,
    fromSessionId,
  )
}
