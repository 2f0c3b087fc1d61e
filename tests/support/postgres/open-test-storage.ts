import type { SegueStorage } from '../../../src/storage/profile-storage.ts'
import { openTestInstallation } from './test-installation.ts'
import { useTestDatabase } from './test-postgres-database.ts'

/** An empty database that is deleted when the test has ended. `open` opens a storage in it, as another process would. */
export async function newTestInstallation(): Promise<{ open: (profile?: string) => Promise<SegueStorage> }> {
  const url = await useTestDatabase()
  return {
    async open(profile = 'work') {
      const installation = await openTestInstallation(url)
      return installation.openStorage({ profile })
    },
  }
}
