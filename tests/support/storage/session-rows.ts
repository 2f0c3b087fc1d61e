import { join } from 'node:path'
import Database from 'better-sqlite3'

const tables = ['sessions', 'messages', 'streams', 'events', 'decisions', 'grants', 'blob_references']

/** All stored rows of a session, except deltas, which may be coalesced at any time. */
export function readSessionRows(home: string, sessionId: string): unknown[] {
  using database = openDatabase(home, { readonly: true })
  return tables.map((table) => {
    const column = table === 'sessions' ? 'id' : 'session_id'
    const filter = table === 'events' ? "AND type NOT LIKE '%Delta'" : ''
    return database.db.prepare(`SELECT * FROM ${table} WHERE ${column} = ? ${filter}`).all(sessionId)
  })
}

/** Deletes the rows by which a session refers to its blobs, as if it had none. */
export function deleteBlobReferences(home: string, sessionId: string): void {
  using database = openDatabase(home)
  database.db.prepare('DELETE FROM blob_references WHERE session_id = ?').run(sessionId)
}

function openDatabase(home: string, options: Database.Options = {}): Disposable & { readonly db: Database.Database } {
  const db = new Database(join(home, 'segue.db'), options)
  return { db, [Symbol.dispose]: () => void db.close() }
}
