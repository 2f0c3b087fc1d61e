import { settingDefinitions as definitions } from '../setting-definitions.ts'
import type { SettingsReader } from '../settings-reader.ts'

/** A PostgreSQL database that any number of servers share. */
export interface DatabaseSettings {
  readonly url: string
  /** Where to listen for notifications; the same database. */
  readonly listenUrl: string
  /** The schema of the installation. */
  readonly schema: string
}

/** Null: everything is stored in the home, with SQLite. */
export function resolveDatabase(reader: SettingsReader): DatabaseSettings | null {
  const { value: url } = reader.read(definitions.database)
  const listenUrl = reader.read(definitions.databaseListenUrl)
  const { value: schema } = reader.read(definitions.databaseSchema)
  if (url === null) {
    if (listenUrl.value !== null)
      reader.report({ problems: [`${listenUrl.source.label}: There is no database. Set SEGUE_DATABASE_URL, too.`] })
    return null
  }
  return { url, listenUrl: listenUrl.value ?? url, schema }
}
