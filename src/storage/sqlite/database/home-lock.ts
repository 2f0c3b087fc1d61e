import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createPrivateFile, createPrivateFolder } from '../../../lib/files/private-files.ts'
import { HomeInUseError, UnusableHomeError } from '../../errors.ts'
import type { HomeLock } from '../../home-lock.ts'

/** Keeps held locks from being garbage-collected, which would release them. */
const openLocks = new Set<Database.Database>()

/**
 * Creates a home, readable by its owner only, and locks it until `release` or the end of the process: the kernel releases
 * the lock whatever ends the process. Throws HomeInUseError at once if this or another process holds the lock, and
 * UnusableHomeError if the home cannot be locked at all.
 */
export function lockHome(home: string): HomeLock {
  const db = acquireLock(home)
  openLocks.add(db)
  return {
    release() {
      openLocks.delete(db)
      db.close()
    },
  }
}

function acquireLock(home: string): Database.Database {
  let db: Database.Database | null = null
  try {
    createPrivateFolder(home)
    const path = join(home, 'lock.db')
    createPrivateFile(path)
    // SQLite would open a file that it cannot write for reading, and lock nobody out.
    for (const each of [home, path]) accessSync(each, constants.W_OK)
    db = new Database(path, { timeout: 0 })
    // In WAL mode, which the file may have had, an exclusive transaction does not keep readers out.
    // And a journal in a file needs room, which a full disk does not have.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw new HomeInUseError(home)
    throw error instanceof Error ? new UnusableHomeError(home, error) : error
  }
}
