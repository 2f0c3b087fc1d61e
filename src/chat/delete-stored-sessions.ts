import type { Logger } from '../lib/logger.ts'
import type { IdempotencyKeyRecord } from '../storage/idempotency-key.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { deleteUnreferencedBlobs } from './attachments/delete-unreferenced-blobs.ts'
import type { EventLog } from './log/event-log.ts'

interface SessionDeletionOptions {
  readonly profile: ProfileStorage
  readonly eventLog: EventLog
  readonly log: Logger
}

/** Deletes sessions in one transaction, with the key of the call. Then ends their subscriptions and removes their files. */
export async function deleteStoredSessions(
  ids: readonly string[],
  idempotencyKey: IdempotencyKeyRecord | null,
  { profile, eventLog, log }: SessionDeletionOptions,
): Promise<void> {
  const unreferencedHashes = await profile.eventStore.deleteSessions(ids, idempotencyKey)
  for (const id of ids) eventLog.markRemoved(id)
  await deleteUnreferencedBlobs(unreferencedHashes, { profile, log })
}
