import Database from 'better-sqlite3'
import { assertRegularFile } from '../state/assert-regular-file.ts'
import { retrySync, createHermesLockRetryPolicy } from '../state/retry-sync.ts'

/**
 * The rows that a query selects from one of the databases in Hermes' cron folder, through a read-only handle that is closed
 * again at once. The file must exist. Throws errors of SQLite, also for a table or column that the file lacks; that the file
 * is locked, only after the timeout.
 */
export function readCronDatabase<Row>(
  path: string,
  lockTimeoutMs: number,
  query: { readonly sql: string; readonly parameters?: readonly string[] },
): Row[] {
  assertRegularFile(path)
  return retrySync(
    () => readRows<Row>(path, query.sql, query.parameters ?? []),
    createHermesLockRetryPolicy(lockTimeoutMs),
  )
}

function readRows<Row>(path: string, sql: string, parameters: readonly string[]): Row[] {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 })
  try {
    db.pragma('query_only = ON')
    return db.prepare<string[], Row>(sql).all(...parameters)
  } finally {
    db.close()
  }
}
