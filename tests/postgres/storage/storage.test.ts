import { expect, test } from 'vitest'
import { findScans, recordStatements } from '../../support/postgres/explain-statements.ts'
import { fillTables } from '../../support/postgres/fill-tables.ts'
import { createTestDatabase, templateName, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newStorageUnderTest, newTestStorageOpener } from '../../support/postgres/open-test-storage.ts'
import { describeStorage } from '../../unit/storage/store-contract.ts'

const statements = recordStatements()

describeStorage('PostgreSQL', newStorageUnderTest)

test('nothing can be exported before something is stored', async () => {
  const opener = await newTestStorageOpener()
  expect(await opener.openExportReader()).toBeNull()
})

test('a statement without an index to use is noticed', async () => {
  const scan = 'SELECT id FROM messages WHERE profile = $1 OR parts = $2'
  expect(await findScans(await useTestDatabase(), new Map([['scan', scan]]))).toEqual(['scan: messages'])
})

test('every statement of the tests before has an index to use', async () => {
  expect(statements.size).toBeGreaterThan(100)
  expect(await findScans(await useTestDatabase(), statements)).toEqual([])
})

test('the planner chooses the indexes for tables with 10,000 rows', async () => {
  const url = await createTestDatabase(templateName)
  const filled = await fillTables(url)
  expect(await findScans(url, new Map([['scan', 'SELECT id FROM messages WHERE parts = $1']]), filled)).toEqual([
    'scan: messages',
  ])
  expect(await findScans(url, statements, filled)).toEqual([])
})
