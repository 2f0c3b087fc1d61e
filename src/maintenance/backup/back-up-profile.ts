import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { toBlobFolder, toDatabasePath } from '../../profiles/profile-paths.ts'
import type { BackupStorage, DatabaseSnapshot } from '../../storage/maintenance/backup-storage.ts'
import { BackupError } from './backup-error.ts'
import { plainFileNames } from './backup-manifest.ts'
import type { BackupWriter } from './backup-writer.ts'

export interface ProfileBackupOptions {
  readonly profile: string
  /** The folder of the profile. */
  readonly folder: string
  /** Where the copy of the database is made. */
  readonly workFolder: string
  readonly writer: BackupWriter
  readonly storage: BackupStorage
  readonly signal: AbortSignal
}

const blobPattern = /^[0-9a-f]{64}$/
/** Blobs may be added while others are copied: the folder is read again until few are new, but no more often than this. */
const maxBlobPasses = 10

/**
 * Adds a profile to a backup: its files, its blobs and a verified copy of its database. A server may run: the blobs that
 * the copy refers to are added whatever is deleted or added meanwhile. Resolves to the paths of blobs that are missing in
 * the home itself.
 */
export async function backUpProfile(options: ProfileBackupOptions): Promise<string[]> {
  const { profile, folder, writer, storage } = options
  const prefix = profile === defaultProfileName ? '' : `profiles/${profile}/`
  for (const name of plainFileNames) await writer.addFile(prefix + name, join(folder, name))

  const addedBlobs = new Set<string>()
  const addBlob = async (hash: string): Promise<boolean> => {
    if (addedBlobs.has(hash)) return true
    if (!(await writer.addFile(`${prefix}files/${hash}`, join(toBlobFolder(folder), hash)))) return false
    addedBlobs.add(hash)
    return true
  }
  await addNewBlobs(toBlobFolder(folder), addedBlobs, addBlob)

  let previouslyMissing: readonly string[] = []
  for (;;) {
    // Nothing was ever written in this profile.
    if (!existsSync(toDatabasePath(folder))) return []
    using snapshot = storage.openSnapshot(toDatabasePath(folder))
    const missing: string[] = []
    for (const hash of snapshot.listReferencedBlobs()) if (!(await addBlob(hash))) missing.push(hash)
    // A blob whose session was deleted just now is not referred to by the next snapshot. One that still is, is lost.
    if (missing.some((hash) => !previouslyMissing.includes(hash))) {
      previouslyMissing = missing
      continue
    }
    await addDatabase(snapshot, `${prefix}segue.db`, options)
    return missing.map((hash) => `${prefix}files/${hash}`)
  }
}

/** Adds all blobs before the snapshot, so that few are left to add after it. */
async function addNewBlobs(
  folder: string,
  added: ReadonlySet<string>,
  addBlob: (hash: string) => Promise<boolean>,
): Promise<void> {
  for (let pass = 0; pass < maxBlobPasses; pass += 1) {
    const names = existsSync(folder) ? await readdir(folder) : []
    const hashes = names.filter((name) => blobPattern.test(name) && !added.has(name))
    if (hashes.length === 0) return
    for (const hash of hashes) await addBlob(hash)
  }
}

async function addDatabase(
  snapshot: DatabaseSnapshot,
  path: string,
  { workFolder, writer, storage, signal, profile }: ProfileBackupOptions,
): Promise<void> {
  const copy = join(workFolder, 'segue.db')
  await snapshot.copyTo(copy, signal)
  const [problem] = storage.verifyCopy(copy)
  if (problem !== undefined)
    throw new BackupError(
      `The database of the profile ${profile} is damaged (${problem}). No backup was written. Run segue doctor, which says what to do.`,
    )
  await writer.addFile(path, copy)
  await rm(copy)
}
