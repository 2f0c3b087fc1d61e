import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createPrivateFile, createPrivateFolder } from '../../../lib/files/private-files.ts'
import { readFileIdentity } from '../../../lib/file-identity.ts'
import { type Logger, silentLogger } from '../../../lib/logger.ts'
import { HomeInUseError, StorageError, UnusableHomeError } from '../../errors.ts'
import type { HomeLock } from '../../home-lock.ts'
import { assertMigrationComplete } from '../../migration/interrupted-migration.ts'

/** Keeps held locks from being garbage-collected, which would release them. */
const openLocks = new Set<Database.Database>()

/**
 * Creates a home, readable by its owner only, and locks it until `release` or the end of the process: the kernel releases
 * the lock whatever ends the process. Throws HomeInUseError at once if this or another process holds the lock, and
 * UnusableHomeError if the home cannot be locked at all, or a migration into it was interrupted. The log is told when the lock
 * is acquired again.
 */
export function lockHome(home: string, log: Logger = silentLogger): HomeLock {
  const lock = lockHomeForMigration(home, log)
  try {
    assertMigrationComplete(home)
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}

/** The same, also if a migration into the home was interrupted. */
export function lockHomeForMigration(home: string, log: Logger = silentLogger): HomeLock {
  const path = toLockPath(home)
  let held = acquireLock(home)
  let isLost = false
  return {
    release: () => closeLock(held),
    assertHeld() {
      // Once another server has written, what this one knows is not what is stored, even if the other one has stopped.
      if (isLost) throw createLostError(new HomeInUseError(home))
      if (readFileIdentity(path) === held.identity) return
      isLost = true
      const next = reacquireLock(home)
      closeLock(held)
      held = next
      isLost = false
      log.warn({}, 'The lock.db of the home was deleted or replaced. It was created and locked again.')
    },
  }
}

/** A locked file. Another one in its place can be locked by others. */
interface HeldLock {
  readonly db: Database.Database
  readonly identity: string | null
}

const toLockPath = (home: string): string => join(home, 'lock.db')

function closeLock({ db }: HeldLock): void {
  openLocks.delete(db)
  db.close()
}

const createLostError = (cause: Error): StorageError => new StorageError('HOME_LOST', cause)

function reacquireLock(home: string): HeldLock {
  try {
    if (!existsSync(home)) throw new Error(`The home ${home} was deleted or moved.`)
    return acquireLock(home)
  } catch (error) {
    throw error instanceof Error ? createLostError(error) : error
  }
}

function acquireLock(home: string): HeldLock {
  let db: Database.Database | null = null
  try {
    createPrivateFolder(home)
    const path = toLockPath(home)
    createPrivateFile(path)
    // SQLite would open a file that it cannot write for reading, and lock nobody out.
    for (const each of [home, path]) accessSync(each, constants.W_OK)
    db = new Database(path, { timeout: 0 })
    // In WAL mode, which the file may have had, an exclusive transaction does not keep readers out.
    // And a journal in a file needs room, which a full disk does not have.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    openLocks.add(db)
    return { db, identity: readFileIdentity(path) }
  } catch (error) {
    db?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw new HomeInUseError(home)
    throw error instanceof Error ? new UnusableHomeError(home, error) : error
  }
}
