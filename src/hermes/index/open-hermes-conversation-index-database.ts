import { createPrivateFile } from '../../lib/files/private-files.ts'
import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { conversationIndexSchema } from '../../storage/sqlite/conversation-index/conversation-index-schema.ts'

/** Raise it when the tables change, or the meaning of their rows: an index of another version is built again. */
const schemaVersion = 11

const schemaSql = `
  ${conversationIndexSchema}

  -- The rows of Hermes' table of sessions, by their rowid there, as they were when last read.
  CREATE TABLE row_digests (
    rowid INTEGER PRIMARY KEY,
    session_id TEXT,
    digest TEXT NOT NULL
  ) STRICT;

  -- Sessions whose settings were inherited here, and that Segue has not confirmed to have stored.
  CREATE TABLE unconfirmed_settings (session_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  -- One row: how far the index has followed its sources.
  CREATE TABLE progress (body TEXT NOT NULL) STRICT; -- JSON
  INSERT INTO progress VALUES ('{}');
`

/**
 * Opens the database of the index. Nothing is lost with it: one that is corrupt or of another version is replaced. Without
 * a path, or if the file cannot be created, it is in memory.
 */
export function openHermesConversationIndexDatabase(
  path: string | null,
  { discardExisting = false } = {},
): Database.Database {
  if (path === null || !existsSync(dirname(path))) return initialize(new Database(':memory:'))
  try {
    if (!discardExisting) {
      const existing = openExisting(path)
      if (existing) return existing
    }
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
    createPrivateFile(path)
    return initialize(new Database(path))
  } catch {
    return initialize(new Database(':memory:'))
  }
}

/** Null if there is no database of this version. */
function openExisting(path: string): Database.Database | null {
  if (!existsSync(path)) return null
  let db: Database.Database | null = null
  try {
    db = new Database(path)
    if (db.pragma('user_version', { simple: true }) === schemaVersion) return configure(db)
    db.close()
  } catch {
    db?.close()
  }
  return null
}

function initialize(db: Database.Database): Database.Database {
  try {
    configure(db)
    db.transaction(() => {
      db.exec(schemaSql)
      db.pragma(`user_version = ${schemaVersion}`)
    })()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function configure(db: Database.Database): Database.Database {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma('cache_size = -4096') // KiB
  return db
}
