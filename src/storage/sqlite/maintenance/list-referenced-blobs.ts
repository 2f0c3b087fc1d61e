import type Database from 'better-sqlite3'
import { isOfExistingSessionSql } from '../tables/deletion-queue-condition.ts'
import { mapSqliteErrors } from '../database/sqlite-errors.ts'

/** The hashes of all blobs that a session or an upload refers to, in a database of this version. */
export function listReferencedBlobs(connection: Database.Database): string[] {
  return mapSqliteErrors(() =>
    connection
      .prepare<[], { hash: string }>(
        `SELECT DISTINCT hash FROM blob_references WHERE ${isOfExistingSessionSql('blob_references')}
         UNION SELECT hash FROM uploads`,
      )
      .all(),
  ).map(({ hash }) => hash)
}
