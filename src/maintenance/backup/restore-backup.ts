import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toDatabasePath, toProfileFolder } from '../../profiles/profile-paths.ts'
import type { BackupStorage } from '../../storage/maintenance/backup-storage.ts'
import { BackupError } from './backup-error.ts'
import type { BackupManifest } from './backup-manifest.ts'
import { readBackup } from './read-backup.ts'

export interface RestoreRequest {
  /** The backup. */
  readonly file: string
  /** Must be empty, or not exist. */
  readonly home: string
  readonly storage: BackupStorage
  readonly signal: AbortSignal
}

const lockFile = 'lock.db'
/** Of the folder in which a backup is verified. An interrupted restore leaves one. */
const workFolderPrefix = '.restore-'

/**
 * Restores a backup into an empty home. Everything is written beside its place and verified before anything is put in
 * place; otherwise the home is left as it was. Rejects with a BackupError, HomeInUseError, UnusableHomeError,
 * DatabaseTooNewError and DatabaseUnusableError.
 */
export async function restoreBackup({ file, home, storage, signal }: RestoreRequest): Promise<BackupManifest> {
  const isNew = !existsSync(home)
  if (!isNew) await assertEmpty(home)
  // No server starts in the home meanwhile.
  const lock = storage.lockHome(home)
  let isDone = false
  try {
    for (const name of await listWorkFolders(home)) await rm(join(home, name), { recursive: true })
    const workFolder = await mkdtemp(join(home, workFolderPrefix))
    try {
      const manifest = await readBackup({ file, folder: workFolder, signal })
      for (const profile of manifest.profiles)
        await verifyProfile(toProfileFolder(workFolder, profile), profile, storage)
      for (const name of await readdir(workFolder)) await rename(join(workFolder, name), join(home, name))
      isDone = true
      return manifest
    } finally {
      await rm(workFolder, { recursive: true, force: true })
    }
  } catch (error) {
    throw toBackupError(error)
  } finally {
    lock.release()
    if (isNew && !isDone) await rm(home, { recursive: true, force: true })
  }
}

async function assertEmpty(home: string): Promise<void> {
  const names = await readdir(home).catch((error: unknown) => {
    throw new BackupError(`The home ${home} cannot be used (${String(error)}). Name another with --home.`)
  })
  const used = names.find((name) => !name.startsWith(lockFile) && !name.startsWith(workFolderPrefix))
  if (used !== undefined)
    throw new BackupError(
      `The home ${home} is not empty: it has ${used}. Restore into a new folder with --home, or move this one away.`,
    )
}

async function listWorkFolders(home: string): Promise<string[]> {
  return (await readdir(home)).filter((name) => name.startsWith(workFolderPrefix))
}

async function verifyProfile(folder: string, profile: string, storage: BackupStorage): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = toDatabasePath(folder)
  const [problem] = existsSync(path) ? storage.verifyCopy(path) : []
  if (problem !== undefined)
    throw new BackupError(`The database of the profile ${profile} in the backup is damaged (${problem}).`)
}

function toBackupError(error: unknown): unknown {
  if (error instanceof Error && error.name === 'AbortError')
    return new BackupError('The restore was interrupted. The home is as it was.')
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error
  return new BackupError(`The backup cannot be restored (${error.message}). The home is as it was.`)
}
