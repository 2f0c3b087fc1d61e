import { onTestFinished } from 'vitest'
import { PostgresBlobStore } from '../../../src/storage/postgres/blobs/postgres-blob-store.ts'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { PostgresProfileDatabase } from '../../../src/storage/postgres/postgres-profile-database.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { describeBlobStore } from '../../unit/storage/contract/blob-store-contract.ts'

const makeOld = {
  name: 'test-make-old',
  text: `UPDATE blobs SET stored_at = now() - interval '1 hour' WHERE profile = $1 AND hash = ANY($2::text[])`,
}
const selectHashes = { name: 'test-select-hashes', text: 'SELECT hash FROM blobs WHERE profile = $1 ORDER BY hash' }

describeBlobStore(async () => {
  const url = await useTestDatabase()
  const openDatabase = (): PostgresProfileDatabase => {
    const database = new PostgresDatabase({ url })
    onTestFinished(() => database.close())
    return new PostgresProfileDatabase(database, 'work')
  }
  const outside = openDatabase()
  return {
    open: () => new PostgresBlobStore(openDatabase()),
    makeOld: async (hashes) => void (await outside.query(makeOld, [hashes])),
    list: async () => (await outside.query<{ hash: string }>(selectHashes)).map(({ hash }) => hash),
  }
})
