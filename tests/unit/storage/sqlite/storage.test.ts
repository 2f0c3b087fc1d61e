import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../../src/lib/logger.ts'
import type { SegueStorage } from '../../../../src/storage/profile-storage.ts'
import { openSqliteStorage } from '../../../../src/storage/sqlite/open-sqlite-storage.ts'
import { SqliteExportReader } from '../../../../src/storage/sqlite/transfer/sqlite-export-reader.ts'
import { SqliteImportStore } from '../../../../src/storage/sqlite/transfer/sqlite-import-store.ts'
import { newHome, newTempFolder } from '../../../support/server/segue.ts'
import { describeStorage } from '../store-contract.ts'

describeStorage('SQLite', async () => {
  const folder = newHome()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [path, profile] = [join(folder, 'segue.db'), 'work']
  const openStorage = (): SegueStorage => openSqliteStorage({ path, profile, durable: false, log: silentLogger })
  let storage = openStorage()
  return {
    storage,
    reopen: async () => {
      await storage.close()
      return (storage = openStorage())
    },
    openImportStore: async () => new SqliteImportStore(path, profile),
    openExportReader: async () => SqliteExportReader.open(path, profile),
  }
})

test('nothing can be exported before something is stored', () => {
  const folder = newTempFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  expect(SqliteExportReader.open(join(folder, 'segue.db'), 'work')).toBeNull()
})
