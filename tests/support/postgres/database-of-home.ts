import type { DatabaseSettings } from '../../../src/config/storage/resolve-database.ts'

/** Whether servers of tests store everything in PostgreSQL. */
export const usesPostgres = process.env['TEST_STORAGE'] === 'postgres'

const databases = new Map<string, Promise<string>>()

/**
 * The database of a home: the same one whenever a server is started in it, which ends the leases of those before. Null: SQLite
 * in the home.
 */
export async function findDatabaseOfHome(home: string): Promise<DatabaseSettings | null> {
  if (!usesPostgres) return null
  // Other tests do not load the driver.
  const { createTemplateCopy, endLeases } = await import('./test-postgres-database.ts')
  const known = databases.get(home)
  const created = known ?? createTemplateCopy()
  databases.set(home, created)
  const url = await created
  if (known) await endLeases(url)
  return { url, listenUrl: url, schema: 'segue' }
}

/** Gives a copy of a home the same database: a server that is started in it takes over what the first one has left. */
export function shareDatabaseOfHome(home: string, copy: string): void {
  const database = databases.get(home)
  if (database) databases.set(copy, database)
}
