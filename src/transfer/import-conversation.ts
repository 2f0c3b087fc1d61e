import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { ProfileDirectory } from '../profiles/profile-directory.ts'
import { profileFolder } from '../profiles/profile-name.ts'
import { FilesystemBlobStore } from '../storage/filesystem/filesystem-blob-store.ts'
import { lockHome } from '../storage/sqlite/database/home-lock.ts'
import { SqliteDatabase } from '../storage/sqlite/database/sqlite-database.ts'
import { findExistingSessionId } from '../storage/sqlite/transfer/find-existing-session.ts'
import { SqliteEventStore } from '../storage/sqlite/sqlite-event-store.ts'
import { DocumentValidator } from './document-validator.ts'
import { readDocument } from './document-reader.ts'
import { sectionNames } from './document-schema.ts'
import { importRecords } from './insert-conversation.ts'
import { DocumentSummary } from './document-summary.ts'
import { TransferError } from './transfer-error.ts'

export interface ImportRequest {
  /** Where a relative path begins. */
  readonly workingDirectory: string
  readonly paths: Paths
  readonly file: string
  readonly profile: string
}

/**
 * Brings an exported conversation into a profile, in one transaction: all of it, or nothing. The file is read more than
 * once, so that no more of it is held in memory than one record. Throws a `TransferError` when the file is damaged or of a
 * newer version, or something in it is there already; HomeInUseError while a server runs; and as `ProfileDatabase`.
 */
export async function importConversation({
  paths,
  workingDirectory,
  profile,
  ...request
}: ImportRequest): Promise<DocumentSummary> {
  const file = resolve(workingDirectory, request.file)
  const summary = validateDocument(file)
  using cleanup = new DisposableStack()
  const lock = lockHome(paths.home)
  cleanup.defer(() => lock.release())
  const profileDirectory = new ProfileDirectory(paths)
  const { home } = profileDirectory.resolveProfilePaths(profile)
  for (const name of await profileDirectory.listNames())
    assertSessionsAreNew(name, join(profileFolder(paths.home, name), 'segue.db'), summary)

  const database = new SqliteDatabase(join(home, 'segue.db'), { durable: true, profile })
  cleanup.defer(() => database.close())
  const files = join(home, 'files')
  try {
    const blobs = new FilesystemBlobStore(files)
    for (const { record } of readDocument(file, ['files'])) {
      if ('hash' in record && record.content !== null) await blobs.put(Buffer.from(record.content, 'base64'))
    }
    importRecords(database, profile, file)
    return summary
  } catch (error) {
    const eventStore = new SqliteEventStore(database, profile)
    // What was kept for it is of no use. Nobody else keeps anything: the home is ours.
    await new FilesystemBlobStore(files).collectGarbage((hashes) => eventStore.findUnreferencedBlobs(hashes))
    throw error
  }
}

function validateDocument(file: string): DocumentSummary {
  const validator = new DocumentValidator()
  const summary = new DocumentSummary()
  let fingerprint: unknown = null
  for (const { location, ...record } of readDocument(file, sectionNames, (sha256) => (fingerprint = sha256))) {
    validator.add(record, location)
    summary.add(record)
  }
  if (validator.finish(file) === fingerprint) return summary
  throw new TransferError(`${file}: something in it was changed, or is missing: its sha256 is another one`)
}

/** An id is looked for in all profiles: the same one in two of them would be found in one. */
function assertSessionsAreNew(profile: string, path: string, { sessionIds }: DocumentSummary): void {
  const id = existsSync(path) ? findExistingSessionId(path, sessionIds) : null
  if (id === null) return
  throw new TransferError(
    `The session ${id} is there already, in the profile ${profile}. Delete it first, or import into another home.`,
  )
}
