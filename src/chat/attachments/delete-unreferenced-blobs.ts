import type { Logger } from '../../lib/logger.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'

interface BlobDeletionOptions {
  readonly profile: Pick<ProfileStorage, 'blobs' | 'eventStore'>
  readonly log: Logger
}

/**
 * Deletes those of these stored files that nothing refers to, after what referred to them is deleted. That is deleted in any
 * case: if a file cannot be deleted, the error is logged, and the next start removes it.
 */
export async function deleteUnreferencedBlobs(
  hashes: readonly string[],
  { profile, log }: BlobDeletionOptions,
): Promise<void> {
  if (hashes.length === 0) return
  await profile.blobs
    .deleteUnreferenced(hashes, (batch) => profile.eventStore.findUnreferencedBlobs(batch))
    .catch((error: unknown) => log.error({ err: error }, 'Files that nothing refers to could not be removed.'))
}
