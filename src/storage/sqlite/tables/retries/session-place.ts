import { createIdNotFoundError } from '../../../../lib/errors.ts'
import { parseIdKind } from '../../../../lib/ids.ts'
import type { SessionRecord } from '../../../../model/session.ts'
import { ProfileIdNamespace } from '../../../../profiles/profile-id-namespace.ts'
import type { SqlConnection } from '../../database/statement-cache.ts'
import { sessionFromRow, type SessionRowWithSettings, toStoredSessionId } from '../../../rows/session-row.ts'
import { selectSessionsSql } from '../session-table.ts'

/**
 * The session that continues one of either origin, or a retry that takes the place of one that does; of several, the one with
 * the newest activity.
 */
export function findContinuation(db: SqlConnection, sessionId: string, profile: string): SessionRecord | null {
  const parentId = new ProfileIdNamespace(profile).unqualify(sessionId)
  if (parentId === null) return null
  const row = db
    .prepare<[string], SessionRowWithSettings>(
      `WITH children AS (SELECT id FROM sessions WHERE parent_session_id = ?)
       ${selectSessionsSql} WHERE id IN children OR takes_place_of IN children
       ORDER BY last_activity_at DESC, id DESC LIMIT 1`,
    )
    .get(parentId)
  return row ? sessionFromRow(row, profile) : null
}

/** The oldest of the retries that take the place of each of these sessions, in no order. */
export function findOldestRetries(db: SqlConnection, placeIds: readonly string[], profile: string): SessionRecord[] {
  return db
    .prepare<[string], SessionRowWithSettings>(
      `${selectSessionsSql} WHERE sessions.id IN (
         SELECT (SELECT retry.id FROM sessions AS retry WHERE retry.takes_place_of = place.value
           ORDER BY retry.started_at, retry.id LIMIT 1)
         FROM json_each(?) AS place)`,
    )
    .all(JSON.stringify(placeIds.map((id) => toStoredSessionId(id, profile))))
    .map((row) => sessionFromRow(row, profile))
}

/**
 * Lets the oldest of the retries that take the place of a session have the place itself, before the session is deleted: it
 * continues what the session continues, and the other retries take its place. Call it inside a transaction.
 */
export function givePlaceToOldestRetry(db: SqlConnection, sessionId: string): void {
  const heir = db
    .prepare<[string], { id: string }>(
      'SELECT id FROM sessions WHERE takes_place_of = ? ORDER BY started_at, id LIMIT 1',
    )
    .get(sessionId)
  if (!heir) return
  db.prepare<[string, string]>(
    `UPDATE sessions SET (parent_session_id, parent_origin, takes_place_of, takes_place_of_origin) =
       (SELECT parent_session_id, parent_origin, takes_place_of, takes_place_of_origin FROM sessions WHERE id = ?)
     WHERE id = ?`,
  ).run(sessionId, heir.id)
  db.prepare<[string, string]>('UPDATE sessions SET takes_place_of = ? WHERE takes_place_of = ?').run(
    heir.id,
    sessionId,
  )
}

/**
 * Returns a session that is about to be inserted, with the place that it takes now: the session in that place may have been
 * deleted since the retry was composed. Throws NOT_FOUND if the message whose turn it tries again was deleted, too.
 */
export function findCurrentPlace(db: SqlConnection, session: SessionRecord): SessionRecord {
  const { retryOf, takesPlaceOf } = session
  if (retryOf === null || takesPlaceOf === null || !isDeleted(db, takesPlaceOf)) return session
  const source = db
    .prepare<[string], { place: string }>(
      `SELECT coalesce(sessions.takes_place_of, sessions.id) AS place
       FROM messages JOIN sessions ON sessions.id = messages.session_id WHERE messages.id = ?`,
    )
    .get(retryOf)
  if (!source) throw createIdNotFoundError('message', retryOf)
  return { ...session, takesPlaceOf: source.place }
}

/** Sessions of Hermes are not in this database. */
function isDeleted(db: SqlConnection, sessionId: string): boolean {
  if (parseIdKind(sessionId) === null) return false
  return db.prepare<[string]>('SELECT 1 FROM sessions WHERE id = ?').get(sessionId) === undefined
}
