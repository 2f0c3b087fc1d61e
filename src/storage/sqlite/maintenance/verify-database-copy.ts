import Database from 'better-sqlite3'
import { assertSupportedDatabaseVersion } from '../database/migrate.ts'
import { toDatabaseOpenError } from '../database/sqlite-errors.ts'
import { checkIntegrity } from './check-integrity.ts'

/** See `BackupStorage.verifyCopy`. Opened for writing, so that SQLite removes its side files at the end. */
export function verifyDatabaseCopy(path: string): readonly string[] {
  let connection: Database.Database | null = null
  try {
    connection = new Database(path, { fileMustExist: true })
    assertSupportedDatabaseVersion(connection, path)
    return checkIntegrity(connection).damage
  } catch (error) {
    throw toDatabaseOpenError(error, path)
  } finally {
    connection?.close()
  }
}
