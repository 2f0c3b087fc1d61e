import Database from 'better-sqlite3'

/** What names sessions: where one cannot be read, another may be. Each is read forwards and backwards. */
const sources = [
  'SELECT id FROM sessions ORDER BY rowid',
  'SELECT id FROM sessions ORDER BY rowid DESC',
  'SELECT id FROM sessions ORDER BY id',
  'SELECT id FROM sessions ORDER BY id DESC',
  'SELECT DISTINCT session_id AS id FROM messages',
  'SELECT DISTINCT session_id AS id FROM streams',
  'SELECT id FROM conversation_sessions ORDER BY id',
  'SELECT id FROM conversation_sessions ORDER BY id DESC',
]

/** The ids of all sessions that a database names, in order. Skips what cannot be read. */
export function listReadableSessionIds(connection: Database.Database): string[] {
  const ids = new Set<string>()
  for (const sql of sources) {
    try {
      for (const { id } of connection.prepare<[], { id: string }>(sql).iterate()) ids.add(id)
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error
    }
  }
  return [...ids].toSorted()
}
