import { parseIdKind } from '../../../../lib/ids.ts'
import type { PostgresConnection, PostgresTransaction } from '../../database/postgres-statement.ts'

/**
 * Copies are not found by search. When a message is deleted, its oldest copy stands in for it: `messages.stands_in`.
 * Messages of Hermes have no stand-ins: Hermes is searched itself.
 */

const selectCopied = {
  name: 'select-copied-messages-of-sessions',
  text: `SELECT DISTINCT coalesce(copy_of, id) AS id FROM messages AS message
    WHERE profile = $1 AND session_id = ANY($2::text[]) AND (copy_of IS NULL OR stands_in = 1)
      AND EXISTS (SELECT 1 FROM messages AS copy
        WHERE copy.profile = $1 AND copy.copy_of = coalesce(message.copy_of, message.id))`,
}

const update = {
  name: 'update-stand-ins',
  text: `WITH wanted AS MATERIALIZED (
      SELECT original.id AS original_id, CASE WHEN NOT EXISTS (
          SELECT 1 FROM messages WHERE messages.profile = $1 AND messages.id = original.id)
        THEN (SELECT copy.id FROM messages AS copy
          JOIN sessions ON sessions.profile = copy.profile AND sessions.id = copy.session_id
          WHERE copy.profile = $1 AND copy.copy_of = original.id ORDER BY sessions.started_at, copy.id LIMIT 1)
        END AS stand_in_id
      FROM unnest($2::text[]) AS original (id)
    )
    UPDATE messages SET stands_in = (messages.id IS NOT DISTINCT FROM wanted.stand_in_id)::int FROM wanted
    WHERE messages.profile = $1 AND messages.copy_of = wanted.original_id
      AND messages.stands_in <> (messages.id IS NOT DISTINCT FROM wanted.stand_in_id)::int`,
}

/** Ids of the originals among the messages of these sessions, and of those that they stand in for, if there are copies. */
export async function listCopiedMessageIds(db: PostgresConnection, sessionIds: readonly string[]): Promise<string[]> {
  return (await db.query<{ id: string }>(selectCopied, [sessionIds])).map(({ id }) => id)
}

/** Lets the oldest copy of each of these originals stand in for it if it is gone, and no other one. */
export async function updateStandIns(tx: PostgresTransaction, originalIds: readonly string[]): Promise<void> {
  const segueIds = originalIds.filter((id) => parseIdKind(id) === 'message')
  if (segueIds.length > 0) await tx.execute(update, [segueIds])
}
