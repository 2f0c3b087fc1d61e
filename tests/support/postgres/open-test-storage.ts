import { onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/lib/logger.ts'
import type { SegueStorage } from '../../../src/storage/profile-storage.ts'
import { openPostgresStorage } from '../../../src/storage/postgres/open-postgres-storage.ts'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { useTestDatabase } from './test-postgres-database.ts'

/** An empty database that is deleted when the test has ended. `open` opens a storage in it, as another process would. */
export async function newTestInstallation(): Promise<{ open: (profile?: string) => Promise<SegueStorage> }> {
  const url = await useTestDatabase()
  return {
    async open(profile = 'work') {
      const database = new PostgresDatabase({ url })
      onTestFinished(() => database.close())
      return openPostgresStorage({ database, profile, log: silentLogger })
    },
  }
}
