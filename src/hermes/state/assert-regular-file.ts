import { statSync } from 'node:fs'
import Database from 'better-sqlite3'

/** Throws what SQLite throws for a file that it cannot open. Opening a pipe would block the worker for ever. */
export function assertRegularFile(path: string): void {
  if (!statSync(path).isFile()) throw new Database.SqliteError('This is not a regular file.', 'SQLITE_CANTOPEN')
}
