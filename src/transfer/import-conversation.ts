import { resolve } from 'node:path'
import type { ResolvedPaths } from '../config/paths.ts'
import { toProfileFolder } from '../profiles/profile-paths.ts'
import { ImportConflictError } from '../storage/transfer/import-store.ts'
import type { TransferStorage } from '../storage/transfer/transfer-storage.ts'
import { readExportDocument } from './document/document-reader.ts'
import { exportSectionNames } from './document/document-schema.ts'
import { ExportDocumentSummary } from './document/export-document-summary.ts'
import { ExportDocumentValidator } from './document/export-document-validator.ts'
import { readImportRecords } from './read-import-records.ts'
import { ExportImportError } from './export-import-error.ts'

export interface CliConversationImportRequest {
  /** The folder that relative paths start from. */
  readonly workingDirectory: string
  readonly paths: ResolvedPaths
  readonly file: string
  readonly profile: string
  readonly storage: TransferStorage
}

/**
 * Imports an exported conversation into a profile, in one transaction. Reads the file several times, so that it holds one
 * record in memory at a time. Throws an `ExportImportError` if the file is damaged, too new, or holds anything that exists
 * already; HomeInUseError while a server runs; and the errors of opening a database.
 */
export async function importConversation({
  paths,
  workingDirectory,
  profile,
  storage,
  ...request
}: CliConversationImportRequest): Promise<ExportDocumentSummary> {
  const file = resolve(workingDirectory, request.file)
  const summary = validateDocument(file)
  const lock = storage.lockHome(paths.home)
  try {
    const catalog = storage.openCatalog(paths)
    const { home } = catalog.resolveProfilePaths(profile)
    for (const name of await catalog.listNames()) {
      const id = await storage.findExistingSessionId(toProfileFolder(paths.home, name), name, summary.sessionIds)
      if (id !== null) throw newSessionExistsError(id, name)
    }
    const sessionIds = new Set(summary.sessionIds)
    await importIntoProfile(file, { profile, folder: home, storage, sessionIds })
    return summary
  } finally {
    lock.release()
  }
}

/** Checks the whole document before anything is written. */
function validateDocument(file: string): ExportDocumentSummary {
  const validator = new ExportDocumentValidator()
  const summary = new ExportDocumentSummary()
  let fingerprint: unknown = null
  for (const { location, ...record } of readExportDocument(
    file,
    exportSectionNames,
    (sha256) => (fingerprint = sha256),
  )) {
    validator.add(record, location)
    summary.add(record)
  }
  if (validator.finish(file) === fingerprint) return summary
  throw new ExportImportError(`${file}: The sha256 does not match: the document was changed. Export it again.`)
}

/** An id is looked up in all profiles, so two profiles must not have the same session. */
function newSessionExistsError(id: string, profile: string): ExportImportError {
  return new ExportImportError(
    `The session ${id} exists already in the profile ${profile}. Delete it first, or import into another home.`,
  )
}

interface ImportTarget {
  readonly profile: string
  /** The folder of the profile. */
  readonly folder: string
  readonly storage: TransferStorage
  /** The ids of all sessions in the document. */
  readonly sessionIds: ReadonlySet<string>
}

async function importIntoProfile(file: string, { profile, folder, storage, sessionIds }: ImportTarget): Promise<void> {
  const store = await storage.openImportStore(folder, profile)
  const blobs = storage.openBlobStore(folder, profile)
  try {
    for (const { record } of readExportDocument(file, ['files'])) {
      if ('hash' in record && record.content !== null) await blobs.put(Buffer.from(record.content, 'base64'))
    }
    await store.importRecords(readImportRecords(file, profile, sessionIds))
  } catch (error) {
    // Deletes the blobs that were written above. A new store does so at once: it does not know them as recent ones.
    await storage.openBlobStore(folder, profile).collectGarbage((hashes) => store.findUnreferencedBlobs(hashes))
    throw error instanceof ImportConflictError
      ? new ExportImportError(`${error.location}: ${error.message}`, { cause: error })
      : error
  } finally {
    await store.close()
  }
}
