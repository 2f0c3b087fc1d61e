import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Another server holds the home. */
export class HomeInUseError extends Error {
  override readonly name = 'HomeInUseError'

  constructor(home: string) {
    super(
      `Another Segue server uses the home ${home}. Stop it, or give this one another home with --home or SEGUE_HOME.`,
    )
  }
}

/** The home cannot be written to, or what lies in it in the lock's place is none. */
export class UnusableHomeError extends Error {
  override readonly name = 'UnusableHomeError'

  constructor(home: string, cause: Error) {
    super(
      `The home ${home} cannot be locked: ${cause.message}. It has to be a folder that can be written to; ` +
        'a damaged lock.db holds nothing and can be removed.',
      { cause },
    )
  }
}

/** Locks that are held: one that nobody referred to would be collected as garbage, and the home be free. */
const openLocks = new Set<Database.Database>()

export interface HomeLock {
  /** Lets another server have the home. */
  release(): void
}

/**
 * Makes a home, for its owner's eyes only, and holds it until `release` or the end of the process, however that comes:
 * the lock is the kernel's. Throws a `HomeInUseError` at once when another process, or this one, holds it already, and
 * an `UnusableHomeError` when it cannot be had at all.
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
    // Whatever the file was before: in WAL mode this would not keep everybody out.
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw new HomeInUseError(home)
    throw error instanceof Error ? new UnusableHomeError(home, error) : error
  }
}
