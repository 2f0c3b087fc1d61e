import { parseIdKind } from '../../../../lib/ids.ts'
import type { SqlConnection } from '../../database/statement-cache.ts'
import { isOfExistingSessionSql } from '../deletion-queue-condition.ts'

/**
 * Copies are not found by search. When a message is deleted, its oldest copy stands in for it: `messages.stands_in`.
 * Messages of Hermes have no stand-ins: Hermes is searched itself.
 */

/** Of these messages, ids of the originals among them, and of those that they stand in for, if there are copies. */
export function listCopiedMessageIds(db: SqlConnection, messageIds: readonly string[]): string[] {
  return db
    .prepare<[string], { id: string }>(
      `SELECT coalesce(copy_of, id) AS id FROM messages AS message
       WHERE id IN (SELECT value FROM json_each(?)) AND (copy_of IS NULL OR stands_in = 1) AND EXISTS (
         SELECT 1 FROM messages AS copy WHERE copy.copy_of = coalesce(message.copy_of, message.id))`,
    )
    .all(JSON.stringify(messageIds))
    .map(({ id }) => id)
}

/**
 * Lets the oldest copy of each of these originals stand in for it if it is gone, and no other one. Triggers keep the search
 * index in step. Call it inside a transaction.
 */
export function updateStandIns(db: SqlConnection, originalIds: readonly string[]): void {
  const findOriginal = db.prepare<[string], { id: string }>(
    `SELECT id FROM messages WHERE id = ? AND ${isOfExistingSessionSql('messages')}`,
  )
  const findOldestCopy = db.prepare<[string], { id: string }>(
    `SELECT messages.id FROM messages JOIN sessions ON sessions.id = messages.session_id
     WHERE messages.copy_of = ? ORDER BY sessions.started_at, messages.id LIMIT 1`,
  )
  const update = db.prepare<[string | null, string, string | null]>(
    'UPDATE messages SET stands_in = (id IS ?) WHERE copy_of = ? AND stands_in <> (id IS ?)',
  )
  for (const originalId of originalIds) {
    if (parseIdKind(originalId) !== 'message') continue
    const standInId = findOriginal.get(originalId) ? null : (findOldestCopy.get(originalId)?.id ?? null)
    update.run(standInId, originalId, standInId)
  }
}
