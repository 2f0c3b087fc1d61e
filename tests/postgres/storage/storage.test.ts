import { expect, test } from 'vitest'
import { newTestStorageOpener } from '../../support/postgres/open-test-storage.ts'
import { describeStorage } from '../../unit/storage/store-contract.ts'

describeStorage('PostgreSQL', async () => {
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
})

test('nothing can be exported before something is stored', async () => {
  const opener = await newTestStorageOpener()
  expect(await opener.openExportReader()).toBeNull()
})
