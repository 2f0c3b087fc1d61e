import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { HomeInUseError, UnusableHomeError } from '../../storage/errors.ts'
import type { HomeLock } from '../../storage/home-lock.ts'
import type { BackupStorage } from '../../storage/maintenance/backup-storage.ts'

/** The folder in which a backup is written before it appears under its name. */
export interface BackupWorkFolder {
  readonly path: string
  /** Removes the folder and what is in it. */
  remove(): Promise<void>
}

type LockStorage = Pick<BackupStorage, 'lockHome'>

/**
 * Creates the folder beside the backup: there has to be space for it, and it can be renamed. The folder is locked, as homes
 * are, so that what a process that was killed has left can be told from what another one is writing.
 */
export async function createBackupWorkFolder(file: string, storage: LockStorage): Promise<BackupWorkFolder> {
  const prefix = `.${basename(file)}-`
  await removeAbandonedFolders(dirname(file), prefix, storage)
  const path = await mkdtemp(join(dirname(file), prefix))
  try {
    const lock = storage.lockHome(path)
    return { path, remove: () => removeLocked(path, lock) }
  } catch (error) {
    await rm(path, { recursive: true, force: true })
    throw error
  }
}

/** Removes what earlier backups to the same file have left when they were killed. */
async function removeAbandonedFolders(parent: string, prefix: string, storage: LockStorage): Promise<void> {
  const names = await readdir(parent)
  // The name is what `mkdtemp` makes of the prefix.
  for (const name of names.filter((each) => each.startsWith(prefix) && each.length === prefix.length + 6)) {
    const path = join(parent, name)
    const lock = existsSync(join(path, 'lock.db')) ? tryLock(path, storage) : null
    if (lock) await removeLocked(path, lock)
  }
}

/** Null if a process uses the folder, or if it belongs to another user. */
function tryLock(path: string, storage: LockStorage): HomeLock | null {
  try {
    return storage.lockHome(path)
  } catch (error) {
    if (error instanceof HomeInUseError || error instanceof UnusableHomeError) return null
    throw error
  }
}

async function removeLocked(path: string, lock: HomeLock): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } finally {
    lock.release()
  }
}
