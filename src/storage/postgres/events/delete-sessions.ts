import { createIdNotFoundError } from '../../../lib/errors.ts'
import type { PostgresTransaction } from '../database/postgres-statement.ts'
import { listBlobHashesOfSessions } from '../tables/blob-reference-table.ts'
import { deleteConversationSettings } from '../tables/conversation-settings-table.ts'
import { listCopiedMessageIds, updateStandIns } from '../tables/retries/message-copies.ts'
import { givePlacesToOldestRetries } from '../tables/retries/session-place.ts'
import { assertNoForeignStream } from '../processes/session-claim-table.ts'
import { lockSessions } from '../tables/session-table.ts'

const deleteRows = {
  name: 'delete-sessions',
  text: 'DELETE FROM sessions WHERE profile = $1 AND id = ANY($2::text[])',
  isLong: true,
}

/**
 * Deletes sessions with all of their rows, which foreign keys and triggers do. Resolves to the hashes of the blobs that they
 * referred to. Throws NOT_FOUND if none of them exists, and SESSION_BUSY if another process runs a stream in one of them.
 */
export async function deleteSessions(tx: PostgresTransaction, ids: readonly string[]): Promise<string[]> {
  const existingIds = await lockSessions(tx, ids)
  if (existingIds.length === 0) throw createIdNotFoundError('session', ids[0] ?? '')
  await assertNoForeignStream(tx, existingIds)
  const hashes = await listBlobHashesOfSessions(tx, existingIds)
  const copiedIds = await listCopiedMessageIds(tx, existingIds)
  await givePlacesToOldestRetries(tx, existingIds)
  await tx.execute(deleteRows, [existingIds])
  await updateStandIns(tx, copiedIds)
  await deleteConversationSettings(tx, existingIds)
  return hashes
}
