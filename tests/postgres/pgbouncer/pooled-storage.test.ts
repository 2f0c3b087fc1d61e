import { expect, inject, test } from 'vitest'
import { newStorageUnderTest } from '../../support/postgres/open-test-storage.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { describeStorage } from '../../unit/storage/store-contract.ts'

test('the tests connect through PgBouncer', async () => {
  expect(await useTestDatabase()).toContain('pgbouncer')
  expect(inject('postgresUrl')).not.toContain('pgbouncer')
})

describeStorage('PostgreSQL behind PgBouncer', newStorageUnderTest)
