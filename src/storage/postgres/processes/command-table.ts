import type { Command, CommandService, CommandTarget } from '../../installation/command-channel.ts'
import type { PostgresConnection, PostgresTransaction } from '../database/postgres-statement.ts'

/** A connection that knows the number of this process. */
type ProcessConnection = PostgresConnection & Pick<PostgresTransaction, 'process'>

/** A command that has no result yet. */
export interface PendingCommand {
  readonly number: number
  readonly service: CommandService
  readonly command: string
}

const selectOwner = {
  name: 'select-owner-of-stream',
  text: `SELECT streams.owner FROM streams JOIN processes ON processes.number = streams.owner
    WHERE streams.profile = $1 AND streams.finished_at IS NULL AND streams.id = $2 AND streams.owner <> $3`,
}

const selectOwnerOfSession = {
  name: 'select-owner-of-session',
  text: `(SELECT streams.owner FROM streams JOIN processes ON processes.number = streams.owner
      WHERE streams.profile = $1 AND streams.finished_at IS NULL AND streams.session_id = $2
        AND streams.owner <> $3 LIMIT 1)
    UNION ALL (SELECT claims.owner FROM session_claims AS claims JOIN processes ON processes.number = claims.owner
      WHERE claims.profile = $1 AND claims.session_id = $2 AND claims.owner <> $3)
    LIMIT 1`,
}

const selectForeignSession = {
  name: 'select-foreign-session',
  text: `(SELECT streams.session_id FROM streams JOIN processes ON processes.number = streams.owner
      WHERE streams.profile = $1 AND streams.finished_at IS NULL AND streams.session_id = ANY($2::text[])
        AND streams.owner <> $3 LIMIT 1)
    UNION ALL (SELECT claims.session_id FROM session_claims AS claims JOIN processes ON processes.number = claims.owner
      WHERE claims.profile = $1 AND claims.session_id = ANY($2::text[]) AND claims.owner <> $3 LIMIT 1)
    LIMIT 1`,
}

const insert = {
  name: 'insert-command',
  text: 'INSERT INTO commands (profile, owner, service, command) VALUES ($1, $2, $3, $4) RETURNING number',
}

// Whoever waits for a result deletes the row. Rows of those that have died are left.
const deleteOld = {
  name: 'delete-old-commands',
  text: `DELETE FROM commands WHERE profile = $1 AND created_at < clock_timestamp() - interval '10 minutes'`,
}

const selectPending = {
  name: 'select-pending-commands',
  text: `SELECT number, service, command FROM commands WHERE profile = $1 AND owner = $2 AND result IS NULL ORDER BY number`,
}

const storeResult = {
  name: 'store-command-result',
  text: 'UPDATE commands SET result = $3 WHERE profile = $1 AND number = $2',
}

const takeResult = {
  name: 'take-command-result',
  text: 'DELETE FROM commands WHERE profile = $1 AND number = $2 AND result IS NOT NULL RETURNING result',
}

const deleteByNumber = { name: 'delete-command', text: 'DELETE FROM commands WHERE profile = $1 AND number = $2' }

/** The process that runs a stream, or one of a session, or has claimed the session, if it lives and is not this one. */
export async function findStreamOwner(db: ProcessConnection, target: CommandTarget): Promise<number | null> {
  const [row] =
    'streamId' in target
      ? await db.query<{ owner: number }>(selectOwner, [target.streamId, db.process])
      : await db.query<{ owner: number }>(selectOwnerOfSession, [target.sessionId, db.process])
  return row?.owner ?? null
}

/** A session of these in which another process that lives runs a stream, or which it has claimed. */
export async function findForeignSession(db: ProcessConnection, sessionIds: readonly string[]): Promise<string | null> {
  const [row] = await db.query<{ session_id: string }>(selectForeignSession, [sessionIds, db.process])
  return row?.session_id ?? null
}

/** Adds a command for a process. Resolves to its number. */
export async function insertCommand(
  tx: PostgresTransaction,
  owner: number,
  { service, text }: Command,
): Promise<number> {
  await tx.execute(deleteOld)
  const [row] = await tx.query<{ number: number }>(insert, [owner, service, text])
  if (!row) throw new Error('PostgreSQL returned no number for a command.')
  return row.number
}

/** The commands for this process, in order. */
export function listPendingCommands(db: ProcessConnection): Promise<PendingCommand[]> {
  return db.query<PendingCommand>(selectPending, [db.process])
}

/** Does nothing if nobody waits for it any more. */
export async function storeCommandResult(tx: PostgresTransaction, number: number, result: string): Promise<void> {
  await tx.execute(storeResult, [number, result])
}

/** Deletes a command that has a result, and resolves to that; null if it has none. */
export async function takeCommandResult(tx: PostgresTransaction, number: number): Promise<string | null> {
  const [row] = await tx.query<{ result: string }>(takeResult, [number])
  return row?.result ?? null
}

export async function deleteCommand(tx: PostgresTransaction, number: number): Promise<void> {
  await tx.execute(deleteByNumber, [number])
}
