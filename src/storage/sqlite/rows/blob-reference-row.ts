import type { SqlConnection } from '../database/statement-cache.ts'

/** Records that a session refers to a blob. Call it inside a transaction. */
export function insertBlobReference(db: SqlConnection, hash: string, sessionId: string): void {
  db.prepare<[string, string]>('INSERT OR IGNORE INTO blob_references (hash, session_id) VALUES (?, ?)').run(
    hash,
    sessionId,
  )
}

/** Hashes of the blobs that a session refers to, in order. */
export function listSessionBlobHashes(db: SqlConnection, sessionId: string): string[] {
  return db
    .prepare<[string], { hash: string }>('SELECT hash FROM blob_references WHERE session_id = ? ORDER BY hash')
    .all(sessionId)
    .map(({ hash }) => hash)
}

/** Those of these blobs that no session refers to. */
export function findUnreferencedBlobs(db: SqlConnection, hashes: readonly string[]): string[] {
  return db
    .prepare<[string], { hash: string }>(
      'SELECT value AS hash FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM blob_references WHERE hash = value)',
    )
    .all(JSON.stringify(hashes))
    .map(({ hash }) => hash)
}
