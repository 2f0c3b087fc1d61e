import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Another server uses the home. */
export class HomeInUseError extends Error {
  override readonly name = 'HomeInUseError'

  constructor(home: string) {
    super(`Another Segue server uses the home ${home}. Stop it, or start this one with another --home or SEGUE_HOME.`)
  }
}

/** The home is not a writable folder, or its lock file is damaged. */
export class UnusableHomeError extends Error {
  override readonly name = 'UnusableHomeError'

  constructor(home: string, cause: Error) {
    super(
      `The home ${home} cannot be locked: ${cause.message}. Make it a writable folder, and delete its lock.db if that is damaged.`,
      { cause },
    )
  }
}

/** Keeps held locks from being garbage-collected, which would release them. */
const openLocks = new Set<Database.Database>()

export interface HomeLock {
  /** Lets another server use the home. */
  release(): void
}

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
    mkdirSync(home, { recursive: true, mode: 0o700 })
    db = new Database(join(home, 'lock.db'), { timeout: 0 })
    // In WAL mode, which the file may have had, an exclusive transaction does not keep readers out.
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw new HomeInUseError(home)
    throw error instanceof Error ? new UnusableHomeError(home, error) : error
  }
}
