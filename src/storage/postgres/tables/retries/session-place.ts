import { createIdNotFoundError } from '../../../../lib/errors.ts'
import { parseIdKind } from '../../../../lib/ids.ts'
import type { SessionRecord } from '../../../../model/session.ts'
import { ProfileIdNamespace } from '../../../../profiles/profile-id-namespace.ts'
import { sessionFromRow, type SessionRowWithSettings, toStoredSessionId } from '../../../rows/session-row.ts'
import type { PostgresConnection, PostgresTransaction } from '../../database/postgres-statement.ts'
import { selectSessionsSql } from '../session-table.ts'

const selectContinuation = {
  name: 'select-continuation',
  text: `WITH children AS (SELECT id FROM sessions WHERE profile = $1 AND parent_session_id = $2)
    ${selectSessionsSql} AND sessions.id IN (
      SELECT id FROM children
      UNION SELECT retry.id FROM children JOIN sessions AS retry
        ON retry.profile = $1 AND retry.takes_place_of = children.id)
    ORDER BY sessions.last_activity_at DESC, sessions.id DESC LIMIT 1`,
}

const selectOldestRetries = {
  name: 'select-oldest-retries',
  text: `${selectSessionsSql} AND sessions.id IN (
    SELECT (SELECT retry.id FROM sessions AS retry WHERE retry.profile = $1 AND retry.takes_place_of = place.id
      ORDER BY retry.started_at, retry.id LIMIT 1)
    FROM unnest($2::text[]) AS place (id))`,
}

const selectHeirs = {
  name: 'select-heirs-of-places',
  text: `SELECT DISTINCT ON (takes_place_of) takes_place_of AS place_id, id FROM sessions
    WHERE profile = $1 AND takes_place_of = ANY($2::text[]) AND NOT id = ANY($2::text[])
    ORDER BY takes_place_of, started_at, id`,
}

const giveOthersNewPlace = {
  name: 'give-retries-new-place',
  text: `UPDATE sessions SET takes_place_of = heir.id FROM unnest($2::text[], $3::text[]) AS heir (id, place_id)
    WHERE sessions.profile = $1 AND sessions.takes_place_of = heir.place_id AND sessions.id <> heir.id`,
}

const giveHeirsPlace = {
  name: 'give-heirs-place',
  text: `UPDATE sessions SET parent_session_id = place.parent_session_id, parent_origin = place.parent_origin,
      takes_place_of = place.takes_place_of, takes_place_of_origin = place.takes_place_of_origin
    FROM unnest($2::text[], $3::text[]) AS heir (id, place_id)
    JOIN sessions AS place ON place.profile = $1 AND place.id = heir.place_id
    WHERE sessions.profile = $1 AND sessions.id = heir.id`,
}

const selectPlaceOfMessage = {
  name: 'select-place-of-message',
  text: `SELECT coalesce(sessions.takes_place_of, sessions.id) AS place FROM messages
    JOIN sessions ON sessions.profile = messages.profile AND sessions.id = messages.session_id
    WHERE messages.profile = $1 AND messages.id = $2`,
}

const selectExisting = { name: 'select-session-id', text: 'SELECT id FROM sessions WHERE profile = $1 AND id = $2' }

/** Whether there is a Segue session with this id. */
export async function hasSession(db: PostgresConnection, sessionId: string): Promise<boolean> {
  return (await db.query(selectExisting, [sessionId])).length > 0
}

/**
 * The session that continues one of either origin, or a retry that takes the place of one that does; of several, the one with
 * the newest activity.
 */
export async function findContinuation(db: PostgresConnection, sessionId: string): Promise<SessionRecord | null> {
  const parentId = new ProfileIdNamespace(db.profile).unqualify(sessionId)
  if (parentId === null) return null
  const [row] = await db.query<SessionRowWithSettings>(selectContinuation, [parentId])
  return row ? sessionFromRow(row, db.profile) : null
}

/** The oldest of the retries that take the place of each of these sessions, in no order. */
export async function findOldestRetries(db: PostgresConnection, placeIds: readonly string[]): Promise<SessionRecord[]> {
  const storedIds = placeIds.map((id) => toStoredSessionId(id, db.profile))
  const rows = await db.query<SessionRowWithSettings>(selectOldestRetries, [storedIds])
  return rows.map((row) => sessionFromRow(row, db.profile))
}

/**
 * Lets the oldest of the retries that take the place of each of these sessions have the place itself, before the sessions are
 * deleted: it continues what the session continues, and the other retries take its place.
 */
export async function givePlacesToOldestRetries(tx: PostgresTransaction, sessionIds: readonly string[]): Promise<void> {
  const heirs = await tx.query<{ id: string; place_id: string }>(selectHeirs, [sessionIds])
  if (heirs.length === 0) return
  const values = [heirs.map(({ id }) => id), heirs.map((heir) => heir.place_id)]
  await tx.execute(giveOthersNewPlace, values)
  await tx.execute(giveHeirsPlace, values)
}

/**
 * Resolves to a session that is about to be inserted, with the place that it takes now: the session in that place may have
 * been deleted since the retry was composed. Throws NOT_FOUND if the message whose turn it tries again was deleted, too.
 */
export async function findCurrentPlace(db: PostgresConnection, session: SessionRecord): Promise<SessionRecord> {
  const { retryOf, takesPlaceOf } = session
  if (retryOf === null || takesPlaceOf === null || !(await isDeleted(db, takesPlaceOf))) return session
  const [source] = await db.query<{ place: string }>(selectPlaceOfMessage, [retryOf])
  if (!source) throw createIdNotFoundError('message', retryOf)
  return { ...session, takesPlaceOf: source.place }
}

/** Sessions of Hermes are not in this database. */
async function isDeleted(db: PostgresConnection, sessionId: string): Promise<boolean> {
  return parseIdKind(sessionId) !== null && !(await hasSession(db, sessionId))
}
