import { TestDatabase } from './test-database.ts'

const tables = ['sessions', 'messages', 'streams', 'events', 'decisions', 'approval_rules', 'blob_references']

/** All stored rows of a session, except deltas, which may be coalesced at any time. */
export function readSessionRows(home: string, sessionId: string): unknown[] {
  using database = TestDatabase.read(home)
  return tables.map((table) => {
    const column = table === 'sessions' ? 'id' : 'session_id'
    const filter = table === 'events' ? "AND type NOT LIKE '%Delta'" : ''
    return database.all(`SELECT * FROM ${table} WHERE ${column} = ? ${filter}`, sessionId)
  })
}

/** Deletes the rows by which a session refers to its blobs, as if it had none. */
export function deleteBlobReferences(home: string, sessionId: string): void {
  using database = TestDatabase.write(home)
  database.run('DELETE FROM blob_references WHERE session_id = ?', sessionId)
}
