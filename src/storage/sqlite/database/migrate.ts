import type Database from 'better-sqlite3'
import type { ProfileIdNamespace } from '../../../profiles/profile-id-namespace.ts'
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

/** Brings the schema up to date, each migration in a transaction. `namespace`: of the ids of the profile's Hermes agent. */
export function migrate(connection: Database.Database, namespace: ProfileIdNamespace): void {
  const version = readSchemaVersion(connection)
  if (version < migrations.length) connection.function('id_namespace', () => namespace.prefix)
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    connection.transaction(() => {
      connection.exec(sql)
      connection.pragma(`user_version = ${index + 1}`)
    })()
  }
}
