import { applySessionPatch } from '../../rows/apply-session-patch.ts'
import type { SessionRecordPatch } from '../../event-store.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { sessionFromRow, type SessionRow, type SessionRowWithSettings, sessionToRow } from '../../rows/session-row.ts'
import { selectSessionsSql } from '../tables/session-table.ts'

/** Changes the row of a session, if there is one. Call it inside a transaction. */
export function patchSession(db: SqlConnection, profile: string, sessionId: string, patch: SessionRecordPatch): void {
  const row = db.prepare<[string], SessionRowWithSettings>(`${selectSessionsSql} WHERE sessions.id = ?`).get(sessionId)
  if (!row) return
  db.prepare<[SessionRow]>(
    `UPDATE sessions SET title = :title, title_source = :title_source, ended_at = :ended_at,
       end_reason = :end_reason, model = :model, instructions = :instructions, effort = :effort WHERE id = :id`,
  ).run(sessionToRow(applySessionPatch(sessionFromRow(row, profile), patch)))
}
