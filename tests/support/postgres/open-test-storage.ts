import { expect } from 'vitest'
import type { InstalledProfileStorage } from '../../../src/storage/installation/installation.ts'
import type { ExportReader } from '../../../src/storage/transfer/export-reader.ts'
import type { ImportStore } from '../../../src/storage/transfer/import-store.ts'
import { openTestInstallation } from './test-installation.ts'
import { useTestDatabase } from './test-postgres-database.ts'

const profile = 'work'

/** An empty database. What is opened in it uses connections of its own, as another process would. */
export interface TestStorageOpener {
  openStorage(): Promise<InstalledProfileStorage>
  openImportStore(): Promise<ImportStore>
  openExportReader(): Promise<ExportReader | null>
}

/** Everything is closed when the test has ended. */
export async function newTestStorageOpener(): Promise<TestStorageOpener> {
  const url = await useTestDatabase()
  return {
    openStorage: async () => {
      const installation = await openTestInstallation(url)
      // Tests count what they are told of.
      await expect.poll(() => installation.isNotified, { interval: 5 }).toBe(true)
      return installation.openStorage({ profile })
    },
    openImportStore: async () => (await openTestInstallation(url)).openImportStore(profile),
    openExportReader: async () => (await openTestInstallation(url)).openExportReader(profile),
  }
}

/** What the contract of storage is tested on: an empty database with a storage that is open. */
export async function newStorageUnderTest() {
  const opener = await newTestStorageOpener()
  let storage = await opener.openStorage()
  return {
    ...opener,
    storage,
    reopen: async () => {
      await storage.close()
      return (storage = await opener.openStorage())
    },
  }
}
