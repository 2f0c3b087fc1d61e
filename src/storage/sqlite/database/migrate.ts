import type Database from 'better-sqlite3'
import { defaultProfileName } from '../../../profiles/profile-name.ts'
import { DatabaseTooNewError } from '../../errors.ts'
import { latestSchemaSql } from './migrations/latest-schema.ts'
import { migrations } from './migrations.ts'

/** How many migrations the database has had; 0 for an empty one. */
export function readSchemaVersion(connection: Database.Database): number {
  return Number(connection.pragma('user_version', { simple: true }))
}

/** Throws DatabaseTooNewError. Call it before anything that changes the file, such as a change of the journal mode. */
export function assertSupportedDatabaseVersion(connection: Database.Database, path: string): void {
  const version = readSchemaVersion(connection)
  if (version > migrations.length) throw new DatabaseTooNewError(path, version, migrations.length)
}

/** The rows that the migrations make of an empty database. */
const initialRowsSql = `
  INSERT INTO message_index (message_index, rank) VALUES ('pgsz', 256);
  INSERT INTO title_index (title_index, rank) VALUES ('pgsz', 256);
  INSERT INTO change_sequences (feed, latest) VALUES
    ('conversation_settings', 0), ('cross_origin', 0), ('decisions', 0), ('job_runs', 0);
  INSERT INTO read_marks_start VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER));
`

/** Brings the schema up to date. A new database gets the latest one at once. `profile`: whose database it is. */
export function migrate(connection: Database.Database, profile: string): void {
  if (isEmpty(connection)) createLatestSchema(connection)
  else applyMigrations(connection, profile)
}

function isEmpty(connection: Database.Database): boolean {
  return readSchemaVersion(connection) === 0 && connection.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
}

function createLatestSchema(connection: Database.Database): void {
  connection.transaction(() => {
    connection.exec(latestSchemaSql)
    connection.exec(initialRowsSql)
    connection.pragma(`user_version = ${migrations.length}`)
  })()
}

/** Applies the migrations that the database has not had, each in a transaction. `profile`: as for `migrate`. */
export function applyMigrations(connection: Database.Database, profile: string): void {
  const version = readSchemaVersion(connection)
  // What early versions wrote before the ids of the profile's Hermes agent.
  const idNamespace = profile === defaultProfileName ? '' : `${profile}@`
  if (version < migrations.length) connection.function('id_namespace', () => idNamespace)
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    connection.transaction(() => {
      connection.exec(sql)
      connection.pragma(`user_version = ${index + 1}`)
    })()
  }
}
