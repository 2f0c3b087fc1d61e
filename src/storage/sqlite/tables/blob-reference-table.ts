import type { SqlConnection } from '../database/statement-cache.ts'
import { isOfExistingSessionSql } from './deletion-queue-condition.ts'

/** Records that a session refers to a blob. Call it inside a transaction. */
export function insertBlobReference(db: SqlConnection, hash: string, sessionId: string): void {
  db.prepare<[string, string]>('INSERT OR IGNORE INTO blob_references (hash, session_id) VALUES (?, ?)').run(
    hash,
    sessionId,
  )
}

/**
 * Records that a session does not refer to a blob any more, unless one of its messages or events does. Call it inside a
 * transaction.
 */
export function deleteUnusedBlobReference(db: SqlConnection, hash: string, sessionId: string): void {
  db.prepare<[{ hash: string; sessionId: string }]>(
    `DELETE FROM blob_references WHERE hash = :hash AND session_id = :sessionId
       AND NOT EXISTS (SELECT 1 FROM messages WHERE session_id = :sessionId AND instr(parts, :hash) > 0)
       AND NOT EXISTS (SELECT 1 FROM events WHERE session_id = :sessionId
         AND type IN ('FilePartAdded', 'ToolCallChanged') AND instr(body, :hash) > 0)`,
  ).run({ hash, sessionId })
}

/** Hashes of the blobs that these sessions refer to, in order. */
export function listBlobHashesOfSessions(db: SqlConnection, sessionIds: readonly string[]): string[] {
  return db
    .prepare<[string], { hash: string }>(
      `SELECT DISTINCT hash FROM blob_references WHERE session_id IN (SELECT value FROM json_each(?))
         AND ${isOfExistingSessionSql('blob_references')} ORDER BY hash`,
    )
    .all(JSON.stringify(sessionIds))
    .map(({ hash }) => hash)
}

/** Those of these blobs that no session and no upload refers to. Deleted sessions do not count. */
export function findUnreferencedBlobs(db: SqlConnection, hashes: readonly string[]): string[] {
  return db
    .prepare<[string], { hash: string }>(
      `SELECT value AS hash FROM json_each(?) WHERE NOT EXISTS (
         SELECT 1 FROM blob_references WHERE hash = value AND ${isOfExistingSessionSql('blob_references')})
       AND NOT EXISTS (SELECT 1 FROM uploads WHERE hash = value)`,
    )
    .all(JSON.stringify(hashes))
    .map(({ hash }) => hash)
}
