import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import { toDatabaseOpenError } from '../database/sqlite-errors.ts'
import { readSchemaVersion } from '../database/migrate.ts'

/**
 * Returns the first of these session ids that a profile's database holds, or null. Opens the file, if there is one,
 * read-only and never migrates it: the query works in every version of the schema. Throws DatabaseUnusableError.
 */
export function findExistingSessionId(path: string, ids: readonly string[]): string | null {
  if (!existsSync(path)) return null
  let connection: Database.Database | null = null
  try {
    connection = new Database(path, { readonly: true, fileMustExist: true })
    if (readSchemaVersion(connection) === 0) return null // created, but never written to
    const lookup = connection.prepare<[string]>('SELECT 1 FROM sessions WHERE id = ?')
    return ids.find((id) => lookup.get(id) !== undefined) ?? null
  } catch (error) {
    throw toDatabaseOpenError(error, path)
  } finally {
    connection?.close()
  }
}
