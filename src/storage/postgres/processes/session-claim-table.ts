import { SegueError } from '../../../lib/errors.ts'
import { LogVersionConflictError } from '../../errors.ts'
import type { PostgresConnection, PostgresTransaction } from '../database/postgres-statement.ts'
import { lockSessions } from '../tables/session-table.ts'

const fromLivingClaims = 'FROM session_claims AS claims JOIN processes ON processes.number = claims.owner'

const selectForeignClaims = {
  name: 'select-foreign-session-claims',
  text: `SELECT session_id ${fromLivingClaims} WHERE profile = $1 AND owner <> $2`,
}

const selectForeignClaimsOf = {
  name: 'select-foreign-claims-of-sessions',
  text: `SELECT session_id ${fromLivingClaims} WHERE profile = $1 AND session_id = ANY($2::text[]) AND owner <> $3`,
}

const selectForeignStream = {
  name: 'select-foreign-stream-of-sessions',
  text: `SELECT id FROM streams WHERE profile = $1 AND session_id = ANY($2::text[]) AND finished_at IS NULL AND owner <> $3
    LIMIT 1`,
}

const selectForeignSessions = {
  name: 'select-foreign-sessions',
  text: `${selectForeignClaimsOf.text}
    UNION ALL
    SELECT session_id FROM streams
    WHERE profile = $1 AND session_id = ANY($2::text[]) AND finished_at IS NULL AND owner <> $3
    LIMIT 1`,
}

const upsert = {
  name: 'upsert-session-claim',
  text: `INSERT INTO session_claims (profile, session_id, owner) VALUES ($1, $2, $3)
    ON CONFLICT (profile, session_id) DO UPDATE SET owner = excluded.owner`,
}

const deleteOwn = {
  name: 'delete-session-claim',
  text: 'DELETE FROM session_claims WHERE profile = $1 AND session_id = $2 AND owner = $3',
}

/**
 * Has all others refuse to start streams in a session. Resolves to false if another process that lives has claimed it, or runs
 * a stream there. Whoever starts a stream holds the lock of the session's row as well.
 */
export async function claimSession(tx: PostgresTransaction, sessionId: string): Promise<boolean> {
  await lockSessions(tx, [sessionId])
  if (await hasForeignStream(tx, [sessionId])) return false
  const claims = await tx.query(selectForeignClaimsOf, [[sessionId], tx.process])
  if (claims.length > 0) return false
  await tx.execute(upsert, [sessionId, tx.process])
  return true
}

export async function releaseSession(tx: PostgresTransaction, sessionId: string): Promise<void> {
  await tx.execute(deleteOwn, [sessionId, tx.process])
}

/** The ids of the sessions that other processes have claimed. */
export async function listForeignClaims(
  db: PostgresConnection & Pick<PostgresTransaction, 'process'>,
): Promise<string[]> {
  const rows = await db.query<{ session_id: string }>(selectForeignClaims, [db.process])
  return rows.map(({ session_id }) => session_id)
}

/**
 * Throws LogVersionConflictError if another process has claimed one of the sessions, whose rows are locked, or has a stream there:
 * then it owns the queue as well. Also if it has died, until someone has taken over.
 */
export async function assertNotForeign(tx: PostgresTransaction, sessionIds: readonly string[]): Promise<void> {
  if (sessionIds.length === 0) return
  const [found] = await tx.query<{ session_id: string }>(selectForeignSessions, [sessionIds, tx.process])
  if (found) throw new LogVersionConflictError(`Another process works on ${found.session_id}.`)
}

/** Throws SESSION_BUSY if another process runs a stream in one of the sessions, whose rows are locked. */
export async function assertNoForeignStream(tx: PostgresTransaction, sessionIds: readonly string[]): Promise<void> {
  if (sessionIds.length > 0 && (await hasForeignStream(tx, sessionIds)))
    throw new SegueError('SESSION_BUSY', 'An answer is streaming in this session. Wait for its end, or cancel it.')
}

async function hasForeignStream(tx: PostgresTransaction, sessionIds: readonly string[]): Promise<boolean> {
  return (await tx.query(selectForeignStream, [sessionIds, tx.process])).length > 0
}
