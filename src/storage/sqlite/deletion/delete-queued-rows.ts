import { createIdNotFoundError } from '../../../lib/errors.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { listCopiedMessageIds, updateStandIns } from '../tables/retries/message-copies.ts'
import { givePlaceToOldestRetry } from '../tables/retries/session-place.ts'

/** Rows that are deleted before the time is looked at: some may be very long. */
const batchSize = 16
/** The longest time that one call takes, but for its last batch. */
const maxDurationMs = 10

/** Deletes up to a number of rows of a deleted session or job. Returns how many. */
type DeleteBatch = (db: SqlConnection, ownerId: string, limit: number) => number

/** A queue of deleted owners, and how the rows of an owner are deleted, table by table. */
interface DeletionQueue {
  /** Holds the ids of the owners, while rows of theirs are left. */
  readonly queue: string
  /** Its rows, which those of the other tables refer to. */
  readonly owners: string
  readonly batches: readonly DeleteBatch[]
}

const deletionQueues: readonly DeletionQueue[] = [
  {
    queue: 'deleted_sessions',
    owners: 'session_ids',
    batches: [
      deleteMessages,
      createBatch('streams', 'session_id', 'rowid'),
      createBatch('events', 'session_id', 'seq'),
      createBatch('decisions', 'session_id', 'rowid'),
      createBatch('blob_references', 'session_id', 'hash'),
    ],
  },
  { queue: 'deleted_jobs', owners: 'job_ids', batches: [createBatch('job_runs', 'job_id', 'rowid')] },
]

/**
 * Deletes sessions: from its commit on, nothing of them is read any more. A trigger queues the rest of their rows for
 * `deleteQueuedRows`. Throws NOT_FOUND if none of them exists. Call it in a transaction.
 */
export function deleteSessionRows(db: SqlConnection, ids: readonly string[]): void {
  const deleteRow = db.prepare<[string]>('DELETE FROM sessions WHERE id = ?')
  // Retries first, so that the place of a session is not handed on to each of its retries, if all of them are deleted.
  const existing = db
    .prepare<[string], { id: string }>(
      'SELECT id FROM sessions WHERE id IN (SELECT value FROM json_each(?)) ORDER BY takes_place_of IS NULL',
    )
    .all(JSON.stringify(ids))
  if (existing.length === 0) throw createIdNotFoundError('session', ids[0] ?? '')
  for (const { id } of existing) {
    givePlaceToOldestRetry(db, id)
    deleteRow.run(id)
  }
}

/**
 * Deletes rows of deleted sessions and jobs, for about 10 ms. Returns whether any are left. Call it in a transaction. The
 * queue is part of the database, so that another process goes on where this one has ended.
 */
export function deleteQueuedRows(db: SqlConnection): boolean {
  const startedAt = performance.now()
  for (const { queue, owners, batches } of deletionQueues) {
    const findNext = db.prepare<[], { id: string }>(`SELECT id FROM ${queue} ORDER BY id LIMIT 1`)
    for (let owner = findNext.get(); owner; owner = findNext.get()) {
      for (const deleteBatch of batches) {
        while (deleteBatch(db, owner.id, batchSize) === batchSize) {
          if (performance.now() - startedAt > maxDurationMs) return true
        }
      }
      // The few rows of other tables, and the place in the queue, are deleted by cascade.
      db.prepare<[string]>(`DELETE FROM ${owners} WHERE id = ?`).run(owner.id)
      if (performance.now() - startedAt > maxDurationMs) return hasQueuedRows(db)
    }
  }
  return false
}

/** Whether rows of deleted sessions or jobs are left. */
export function hasQueuedRows(db: SqlConnection): boolean {
  return deletionQueues.some(({ queue }) => db.prepare(`SELECT 1 FROM ${queue} LIMIT 1`).get() !== undefined)
}

/** `key` tells the rows of one owner from each other. */
function createBatch(table: string, ownerColumn: string, key: string): DeleteBatch {
  return (db, ownerId, limit) =>
    db
      .prepare<[string, string, number]>(
        `DELETE FROM ${table} WHERE ${ownerColumn} = ? AND ${key} IN (
           SELECT ${key} FROM ${table} WHERE ${ownerColumn} = ? LIMIT ?)`,
      )
      .run(ownerId, ownerId, limit).changes
}

/** Of each message that was copied, the oldest copy stands in from then on. */
function deleteMessages(db: SqlConnection, sessionId: string, limit: number): number {
  const ids = db
    .prepare<[string, number], { id: string }>('SELECT id FROM messages WHERE session_id = ? LIMIT ?')
    .all(sessionId, limit)
    .map(({ id }) => id)
  const copiedIds = listCopiedMessageIds(db, ids)
  db.prepare<[string]>('DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))').run(JSON.stringify(ids))
  updateStandIns(db, copiedIds)
  return ids.length
}
