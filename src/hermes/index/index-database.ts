import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { segmentTables } from '../../storage/sqlite/conversation-index/conversation-index-schema.ts'

/** Raised whenever the tables, or the meaning of what is in them, change: an index of another form is made anew. */
const form = 1

const tables = `
  ${segmentTables}

  -- The rows of Hermes' sessions as they were last looked at.
  CREATE TABLE seen (
    row INTEGER PRIMARY KEY, -- the rowid there
    id TEXT,
    print TEXT NOT NULL
  ) STRICT;

  -- One row: how far it has followed what it is made of.
  CREATE TABLE progress (body TEXT NOT NULL) STRICT; -- JSON
  INSERT INTO progress VALUES ('{}');
`

/**
 * A database that holds nothing of its own: what is of another form or cannot be read is made anew. Without a path, or
 * where no file can be had, it is in memory. `fresh` throws away what is there.
 */
export function openIndexFile(path: string | null, { fresh = false } = {}): Database.Database {
  if (path === null || !existsSync(dirname(path))) return made(new Database(':memory:'))
  try {
    if (!fresh) {
      const there = existing(path)
      if (there) return there
    }
    for (const side of ['', '-wal', '-shm', '-journal']) rmSync(path + side, { force: true })
    return made(new Database(path))
  } catch {
    return made(new Database(':memory:'))
  }
}

function existing(path: string): Database.Database | null {
  if (!existsSync(path)) return null
  let db: Database.Database | null = null
  try {
    db = new Database(path)
    if (db.pragma('user_version', { simple: true }) === form) return prepared(db)
    db.close()
  } catch {
    db?.close()
  }
  return null
}

function made(db: Database.Database): Database.Database {
  try {
    prepared(db)
    db.transaction(() => {
      db.exec(tables)
      db.pragma(`user_version = ${form}`)
    })()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function prepared(db: Database.Database): Database.Database {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma('cache_size = -4096') // KiB
  return db
}
