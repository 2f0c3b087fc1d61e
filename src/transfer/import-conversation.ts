import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { ProfileDirectory } from '../profiles/profile-directory.ts'
import { toBlobFolder, toDatabasePath, toProfileFolder } from '../profiles/profile-paths.ts'
import { FilesystemBlobStore } from '../storage/filesystem/filesystem-blob-store.ts'
import { lockHome } from '../storage/sqlite/database/home-lock.ts'
import { ImportConflictError } from '../storage/transfer/import-store.ts'
import { SqliteImportStore } from '../storage/sqlite/transfer/sqlite-import-store.ts'
import { findExistingSessionId } from '../storage/sqlite/transfer/find-existing-session.ts'
import { readDocument } from './document/document-reader.ts'
import { sectionNames } from './document/document-schema.ts'
import { DocumentSummary } from './document/document-summary.ts'
import { DocumentValidator } from './document/document-validator.ts'
import { readImportRecords } from './read-import-records.ts'
import { TransferError } from './transfer-error.ts'

export interface ImportRequest {
  /** The folder that relative paths start from. */
  readonly workingDirectory: string
  readonly paths: Paths
  readonly file: string
  readonly profile: string
}

/**
 * Imports an exported conversation into a profile, in one transaction. Reads the file several times, so that it holds one
 * record in memory at a time. Throws a `TransferError` if the file is damaged, too new, or holds anything that exists
 * already; HomeInUseError while a server runs; and the errors of opening a database.
 */
export async function importConversation({
  paths,
  workingDirectory,
  profile,
  ...request
}: ImportRequest): Promise<DocumentSummary> {
  const file = resolve(workingDirectory, request.file)
  const summary = validateDocument(file)
  const lock = lockHome(paths.home)
  try {
    const directory = new ProfileDirectory(paths)
    const { home } = directory.resolveProfilePaths(profile)
    for (const name of await directory.listNames())
      assertSessionsAreNew(name, toDatabasePath(toProfileFolder(paths.home, name)), summary)
    await importIntoProfile(file, profile, home)
    return summary
  } finally {
    lock.release()
  }
}

/** Checks the whole document before anything is written. */
function validateDocument(file: string): DocumentSummary {
  const validator = new DocumentValidator()
  const summary = new DocumentSummary()
  let fingerprint: unknown = null
  for (const { location, ...record } of readDocument(file, sectionNames, (sha256) => (fingerprint = sha256))) {
    validator.add(record, location)
    summary.add(record)
  }
  if (validator.finish(file) === fingerprint) return summary
  throw new TransferError(`${file}: The sha256 does not match: the document was changed. Export it again.`)
}

/** An id is looked up in all profiles, so two profiles must not have the same session. */
function assertSessionsAreNew(profile: string, path: string, { sessionIds }: DocumentSummary): void {
  const id = existsSync(path) ? findExistingSessionId(path, sessionIds) : null
  if (id === null) return
  throw new TransferError(
    `The session ${id} exists already in the profile ${profile}. Delete it first, or import into another home.`,
  )
}

async function importIntoProfile(file: string, profile: string, folder: string): Promise<void> {
  const store = new SqliteImportStore(toDatabasePath(folder), profile)
  const blobs = new FilesystemBlobStore(toBlobFolder(folder))
  try {
    for (const { record } of readDocument(file, ['files'])) {
      if ('hash' in record && record.content !== null) await blobs.put(Buffer.from(record.content, 'base64'))
    }
    await store.importRecords(readImportRecords(file, profile))
  } catch (error) {
    // Deletes the blobs that were written above. A new store does so at once: it does not know them as recent ones.
    const newBlobs = new FilesystemBlobStore(toBlobFolder(folder))
    await newBlobs.collectGarbage((hashes) => store.findUnreferencedBlobs(hashes))
    throw error instanceof ImportConflictError
      ? new TransferError(`${error.location}: ${error.message}`, { cause: error })
      : error
  } finally {
    await store.close()
  }
}
