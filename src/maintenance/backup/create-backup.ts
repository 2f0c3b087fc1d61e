import { open, readdir, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isReplaceableFile } from '../../lib/files/is-replaceable-file.ts'
import { ProfileDirectory } from '../../profiles/profile-directory.ts'
import type { BackupStorage } from '../../storage/maintenance/backup-storage.ts'
import { StorageError } from '../../storage/errors.ts'
import { backUpProfile } from './back-up-profile.ts'
import { BackupError } from './backup-error.ts'
import { type BackupManifest, backupVersion } from './backup-manifest.ts'
import { createBackupWorkFolder } from './backup-work-folder.ts'
import { BackupWriter } from './backup-writer.ts'
import { readBackup } from './read-backup.ts'

export interface BackupRequest {
  readonly home: string
  /** An earlier backup of this name is replaced; any other file is left alone. */
  readonly file: string
  readonly segueVersion: string
  readonly storage: BackupStorage
  /** Ends the backup; nothing is left behind. */
  readonly signal: AbortSignal
}

/**
 * Backs up a whole home as one tar file, while a server runs or not. The file appears under its name when it is complete
 * and verified, or not at all; it is readable by its owner only, because it contains config.json. Rejects with a
 * BackupError, DatabaseTooNewError and DatabaseUnusableError.
 */
export async function createBackup({ home, file, ...request }: BackupRequest): Promise<BackupManifest> {
  const path = resolve(file)
  await assertHomeExists(home)
  try {
    if (!(await isReplaceableFile(path, isTarFile)))
      throw new BackupError(`${path} exists and is no backup. Name another file. Nothing was written.`)
    const workFolder = await createBackupWorkFolder(path, request.storage)
    try {
      const archive = join(workFolder.path, 'backup.tar')
      const manifest = await writeArchive({ home, file: archive, ...request }, workFolder.path)
      await readBackup({ file: archive, folder: null, signal: request.signal })
      await rename(archive, path)
      await flushFolder(dirname(path))
      return manifest
    } finally {
      await workFolder.remove()
    }
  } catch (error) {
    throw toBackupError(error, path)
  }
}

async function writeArchive(
  { home, file, segueVersion, storage, signal }: BackupRequest,
  workFolder: string,
): Promise<BackupManifest> {
  const writer = new BackupWriter(file, signal)
  try {
    // Without Hermes: its files are not Segue's.
    const directory = new ProfileDirectory({ home, hermesHome: null })
    const profiles = await directory.listNames()
    const missingBlobs: string[] = []
    for (const profile of profiles) {
      const { home: folder } = directory.resolveProfilePaths(profile)
      missingBlobs.push(...(await backUpProfile({ profile, folder, workFolder, writer, storage, signal })))
    }
    const createdAt = new Date().toISOString()
    return await writer.finish({
      format: 'segue-backup',
      version: backupVersion,
      createdAt,
      segueVersion,
      profiles,
      missingBlobs,
    })
  } catch (error) {
    await writer.abort()
    throw error
  }
}

async function assertHomeExists(home: string): Promise<void> {
  await readdir(home).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new BackupError(`The home ${home} cannot be read (${String(code)}). Name another with --home.`)
  })
}

/** POSIX, `ustar` format: the magic of the first header. */
const isTarFile = (head: Buffer): boolean => head.toString('latin1', 257, 262) === 'ustar'

async function flushFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

function toBackupError(error: unknown, path: string): unknown {
  if (error instanceof StorageError && error.failure === 'CORRUPT')
    return new BackupError(`A database is damaged (${error.message}). Run segue doctor. No backup was written.`)
  if (error instanceof StorageError)
    return new BackupError(`The database cannot be copied (${error.message}). No backup was written.`)
  if (error instanceof Error && error.name === 'AbortError')
    return new BackupError('The backup was interrupted. Nothing was written.')
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error
  return new BackupError(`The backup ${path} cannot be written (${error.message}). Nothing was written.`)
}
