import type { StreamRecord } from '../../../model/stream.ts'
import { FencingError, LogVersionConflictError } from '../../errors.ts'
import type { StreamFence } from '../../event-store.ts'
import { streamFromRow, type StreamRow, streamToRow } from '../../rows/stream-row.ts'
import {
  defineInsert,
  toInsertValues,
  type PostgresColumns,
  type PostgresConnection,
  type PostgresTransaction,
  setAllColumns,
} from '../database/postgres-statement.ts'
import { settleOutcome } from '../database/transaction/settle-outcome.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { OrphanClaim, type OwnerConnection } from './orphans.ts'
import { lockSessions } from './session-table.ts'

/** With the process that runs it, or is going to. */
interface OwnedStreamRow extends StreamRow {
  readonly owner: number
}

const columns: PostgresColumns<OwnedStreamRow> = {
  id: 'text',
  session_id: 'text',
  status: 'text',
  generation: 'bigint',
  model: 'text',
  effort: 'text',
  user_message_id: 'text',
  message_id: 'text',
  usage: 'text',
  step: 'text',
  started_at: 'bigint',
  finished_at: 'bigint',
  finish_reason: 'text',
  retry_at: 'bigint',
  first_seq: 'bigint',
  last_seq: 'bigint',
  error: 'text',
  owner: 'bigint',
}

const upsert = defineInsert(
  'upsert-streams',
  'streams',
  columns,
  `ON CONFLICT (profile, id) DO UPDATE ${setAllColumns(columns, ['id', 'session_id'])},
    queue_position = CASE WHEN excluded.status = 'QUEUED' THEN streams.queue_position END
    WHERE streams.finished_at IS NULL RETURNING id`,
)

const updateOrder = {
  name: 'update-queue-order',
  text: `UPDATE streams SET queue_position = queued.position
    FROM unnest($2::text[]) WITH ORDINALITY AS queued (id, position)
    WHERE streams.profile = $1 AND streams.id = queued.id`,
}

const fence = {
  name: 'fence-streams',
  text: `UPDATE streams SET last_seq = coalesce(fence.last_seq, streams.last_seq), owner = $6
    FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS fence (stream_id, generation, last_seq, takes_over)
    WHERE streams.profile = $1 AND streams.id = fence.stream_id AND streams.generation = fence.generation
      AND streams.finished_at IS NULL AND (streams.owner = $6 OR (fence.takes_over = 1 AND streams.status = 'QUEUED'))
    RETURNING streams.id`,
}

const selectByIds = {
  name: 'select-streams',
  text: 'SELECT * FROM streams WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectActive = {
  name: 'select-active-stream',
  text: `SELECT * FROM streams WHERE profile = $1 AND session_id = $2 AND status IN ('RUNNING', 'WAITING')`,
}

const selectForeignSince = {
  name: 'select-foreign-stream-since',
  text: `SELECT id FROM streams WHERE profile = $1 AND session_id = $2 AND owner <> $3
    AND (finished_at IS NULL OR first_seq > $4) LIMIT 1`,
}

const selectUnfinished = {
  name: 'select-unfinished-streams',
  text: `SELECT * FROM streams WHERE profile = $1 AND finished_at IS NULL
    ORDER BY session_id, queue_position NULLS FIRST, first_seq`,
}

const selectOwnByIds = {
  name: 'select-own-streams-in-order',
  text: `SELECT * FROM streams WHERE profile = $1 AND id = ANY($2::text[]) AND finished_at IS NULL AND owner = $3
    ORDER BY session_id, queue_position NULLS FIRST, first_seq`,
}

const orphanClaim = new OrphanClaim('streams')

const selectOwn = {
  name: 'select-own-streams',
  text: 'SELECT id FROM streams WHERE profile = $1 AND id = ANY($2::text[]) AND finished_at IS NULL AND owner = $3',
}

const updateOwner = {
  name: 'update-owner-of-streams',
  text: 'UPDATE streams SET owner = $3 WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectUnfinishedOfSession = {
  name: 'select-unfinished-streams-of-session',
  text: `SELECT * FROM streams WHERE profile = $1 AND session_id = $2 AND finished_at IS NULL
    ORDER BY queue_position NULLS FIRST, first_seq`,
}

/**
 * Inserts streams, or replaces the ones with their ids: of several with the same id, the last one counts. Throws FencingError if
 * one has ended: nothing revives it.
 */
export async function upsertStreams(tx: PostgresTransaction, streams: readonly StreamRecord[]): Promise<void> {
  const last = new Map(streams.map((stream) => [stream.id, { ...streamToRow(stream), owner: tx.process }]))
  if (last.size === 0) return
  const rows = await tx.query<{ id: string }>(upsert, toInsertValues(upsert, [...last.values()]))
  for (const { id } of rows) last.delete(id)
  const [ended] = last.keys()
  if (ended !== undefined) throw new FencingError(ended)
}

/** Stores the order of a queue: the ids of its streams. */
export async function updateQueueOrder(tx: PostgresTransaction, streamIds: readonly string[]): Promise<void> {
  await tx.execute(updateOrder, [streamIds])
}

/** Throws FencingError unless each stream is running, at its generation, and owned by this process. Stores their last seqs. */
export async function applyFences(tx: PostgresTransaction, fences: readonly StreamFence[]): Promise<void> {
  if (fences.length === 0) return
  const rows = await tx.query<{ id: string }>(fence, [
    fences.map(({ streamId }) => streamId),
    fences.map(({ generation }) => generation),
    fences.map(({ lastSeq }) => lastSeq ?? null),
    fences.map(({ takesOver = false }) => (takesOver ? 1 : 0)),
    tx.process,
  ])
  const passed = new Set(rows.map(({ id }) => id))
  const refused = fences.find(({ streamId }) => !passed.has(streamId))
  if (refused) throw new FencingError(refused.streamId)
}

/** Throws LogVersionConflictError if another process runs a stream in a session, or has started one after an event. */
export async function assertNoForeignStreamSince(
  tx: PostgresTransaction,
  sessionId: string,
  seq: number,
): Promise<void> {
  const [found] = await tx.query<{ id: string }>(selectForeignSince, [sessionId, tx.process, seq])
  if (found) throw new LogVersionConflictError(`Another process has started the stream ${found.id} in ${sessionId}.`)
}

/** By id, in no order. */
export async function findStreams(db: PostgresConnection, ids: readonly string[]): Promise<StreamRecord[]> {
  return (await db.query<StreamRow>(selectByIds, [ids])).map(streamFromRow)
}

export async function findActiveStream(db: PostgresConnection, sessionId: string): Promise<StreamRecord | null> {
  const [row] = await db.query<StreamRow>(selectActive, [sessionId])
  return row ? streamFromRow(row) : null
}

/** By session; the queued ones in the order of their queue. */
export async function listUnfinishedStreams(db: PostgresConnection): Promise<StreamRecord[]> {
  return (await db.query<StreamRow>(selectUnfinished)).map(streamFromRow)
}

/** The ids of those of these streams that have not ended, and are owned by this process. */
export async function listOwnStreamIds(db: OwnerConnection, ids: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(selectOwn, [ids, db.process])
  return rows.map(({ id }) => id)
}

/**
 * Makes this process the owner of a stream that runs, and of the queue of its session, so that one process has all of that. Of one
 * that is queued, only the fence of a write takes over. Resolves to the unfinished streams of the session, in order; to none if
 * the stream has ended.
 */
export function takeOverStream(database: PostgresProfileDatabase, streamId: string): Promise<StreamRecord[]> {
  return settleOutcome({
    write: () => database.write((tx) => takeOver(tx, streamId)),
    findCommitted: async () => {
      const [own] = await listOwnStreamIds(database, [streamId])
      const [stream] = own === undefined ? [] : await findStreams(database, [own])
      return stream ? listUnfinishedOfSession(database, stream.sessionId) : null
    },
  })
}

async function takeOver(tx: PostgresTransaction, streamId: string): Promise<StreamRecord[]> {
  const [found] = await findStreams(tx, [streamId])
  if (!found) return []
  await lockSessions(tx, [found.sessionId])
  const unfinished = await listUnfinishedOfSession(tx, found.sessionId)
  const stream = unfinished.find(({ id }) => id === streamId)
  if (!stream) return []
  if (stream.status !== 'QUEUED') await tx.execute(updateOwner, [unfinished.map(({ id }) => id), tx.process])
  return unfinished
}

async function listUnfinishedOfSession(db: PostgresConnection, sessionId: string): Promise<StreamRecord[]> {
  return (await db.query<StreamRow>(selectUnfinishedOfSession, [sessionId])).map(streamFromRow)
}

/** Makes this process the owner of all orphaned streams. Resolves to them, in the order of `listUnfinishedStreams`. */
export function claimOrphanedStreams(database: PostgresProfileDatabase): Promise<StreamRecord[]> {
  return orphanClaim.run(database, async (db, ids) => {
    const rows = await db.query<StreamRow>(selectOwnByIds, [ids, db.process])
    return rows.map(streamFromRow)
  })
}
