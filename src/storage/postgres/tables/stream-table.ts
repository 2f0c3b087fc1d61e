import type { StreamRecord } from '../../../model/stream.ts'
import { FencingError, LogVersionConflictError } from '../../errors.ts'
import type { StreamFence } from '../../event-store.ts'
import { streamFromRow, type StreamRow, streamToRow } from '../../rows/stream-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresConnection,
  type PostgresTransaction,
  setAllColumns,
} from '../database/postgres-statement.ts'
import { lockProfile } from '../database/lock-profile.ts'
import { isOrphanedSql } from './orphan-condition.ts'

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
    queue_position = CASE WHEN excluded.status = 'QUEUED' THEN streams.queue_position END`,
)

const updateOrder = {
  name: 'update-queue-order',
  text: `UPDATE streams SET queue_position = queued.position
    FROM unnest($2::text[]) WITH ORDINALITY AS queued (id, position)
    WHERE streams.profile = $1 AND streams.id = queued.id`,
}

const fence = {
  name: 'fence-streams',
  text: `UPDATE streams SET last_seq = coalesce(fence.last_seq, streams.last_seq)
    FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS fence (stream_id, generation, last_seq)
    WHERE streams.profile = $1 AND streams.id = fence.stream_id AND streams.generation = fence.generation
      AND streams.finished_at IS NULL AND streams.owner = $5 RETURNING streams.id`,
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

const selectUnfinishedByIds = {
  name: 'select-unfinished-streams-by-ids',
  text: `SELECT * FROM streams WHERE profile = $1 AND id = ANY($2::text[])
    ORDER BY session_id, queue_position NULLS FIRST, first_seq`,
}

const claimOrphans = {
  name: 'claim-orphaned-streams',
  text: `UPDATE streams SET owner = $2 WHERE profile = $1 AND ${isOrphanedSql('streams')} RETURNING id`,
}

const takeOver = {
  name: 'take-over-stream',
  text: `UPDATE streams SET owner = $3 WHERE profile = $1 AND id = $2 AND status IN ('RUNNING', 'WAITING') RETURNING *`,
}

/** Inserts streams, or replaces the ones with their ids: of several with the same id, the last one counts. */
export async function upsertStreams(tx: PostgresTransaction, streams: readonly StreamRecord[]): Promise<void> {
  const last = new Map(streams.map((stream) => [stream.id, { ...streamToRow(stream), owner: tx.process }]))
  await insertRows(tx, upsert, [...last.values()])
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
    tx.process,
  ])
  const passed = new Set(rows.map(({ id }) => id))
  const refused = fences.find(({ streamId }) => !passed.has(streamId))
  if (refused)
    throw new FencingError(`The stream ${refused.streamId} is no longer at generation ${refused.generation}.`)
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

/** Makes this process the owner of a stream that runs, and resolves to it. Null if it is queued, or has ended. */
export async function takeOverStream(tx: PostgresTransaction, streamId: string): Promise<StreamRecord | null> {
  const [row] = await tx.query<StreamRow>(takeOver, [streamId, tx.process])
  return row ? streamFromRow(row) : null
}

/** Makes this process the owner of all orphaned streams. Resolves to them, in the order of `listUnfinishedStreams`. */
export async function claimOrphanedStreams(tx: PostgresTransaction): Promise<StreamRecord[]> {
  await tx.query(lockProfile)
  const claimed = await tx.query<{ id: string }>(claimOrphans, [tx.process])
  const rows = await tx.query<StreamRow>(selectUnfinishedByIds, [claimed.map(({ id }) => id)])
  return rows.map(streamFromRow)
}
