import type { SessionRecord } from '../../../model/session.ts'
import type { SessionRecordPatch } from '../../event-store.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import {
  type SessionRow,
  type SessionRowWithSettings,
  selectSessionsSql,
  sessionFromRow,
  sessionToRow,
} from '../rows/session-row.ts'

/** Changes the row of a session, if there is one. Call it inside a transaction. */
export function patchSession(db: SqlConnection, profile: string, sessionId: string, patch: SessionRecordPatch): void {
  const row = db.prepare<[string], SessionRowWithSettings>(`${selectSessionsSql} WHERE sessions.id = ?`).get(sessionId)
  if (!row) return
  const current = sessionFromRow(row, profile)
  // A title is only replaced by one from a source that ranks higher; one that a person chose, by a person.
  const isChosen = patch.titleSource === 'PERSON' || patch.titleSource === null
  const isBetter = isChosen || rankTitleSource(patch.titleSource) > rankTitleSource(current.titleSource)
  const { title, titleSource } = patch.title === undefined || isBetter ? { ...current, ...patch } : current
  db.prepare<[SessionRow]>(
    `UPDATE sessions SET title = :title, title_source = :title_source, ended_at = :ended_at,
       end_reason = :end_reason, model = :model, instructions = :instructions, effort = :effort WHERE id = :id`,
  ).run(sessionToRow({ ...current, ...patch, title, titleSource }))
}

const titleRanks: readonly SessionRecord['titleSource'][] = [null, 'MESSAGE', 'MODEL', 'PERSON']

function rankTitleSource(source: SessionRecord['titleSource'] = null): number {
  return titleRanks.indexOf(source)
}
