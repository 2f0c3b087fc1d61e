import type Database from 'better-sqlite3'
import { defaultProfileName } from '../../../profiles/profile-name.ts'
import { DatabaseTooNewError } from '../../errors.ts'
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

/** Brings the schema up to date, each migration in a transaction. `profile`: whose database it is. */
export function migrate(connection: Database.Database, profile: string): void {
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
