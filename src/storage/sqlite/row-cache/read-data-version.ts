import type { SqlConnection } from '../database/statement-cache.ts'

/** A number that is another one once another connection has written to the database. */
export function readDataVersion(db: SqlConnection): number {
  return db.prepare<[], { data_version: number }>('PRAGMA data_version').get()?.data_version ?? 0
}
