import { StorageError } from '../../errors.ts'
import type { MigratedTable, StoredRow } from '../../migration/migrated-tables.ts'
import type { MigrationReader } from '../../migration/migration-storage.ts'
import { type BlobRow, chunkSize, selectBlob, selectChunks, selectHashes } from '../blobs/blob-tables.ts'
import type { MigrationConnection } from './migration-connection.ts'
import { readPostgresRows } from './postgres-rows.ts'

const hashesAtOnce = 1_000
/** 512 KiB. */
const chunksAtOnce = 8

/** Reads profiles in the transaction of a migration. */
export class PostgresMigrationReader implements MigrationReader {
  protected readonly connection: MigrationConnection

  constructor(connection: MigrationConnection) {
    this.connection = connection
  }

  readRows(profile: string, table: MigratedTable): AsyncIterable<StoredRow> {
    return readPostgresRows(this.connection, profile, table)
  }

  async *listBlobs(profile: string): AsyncGenerator<string> {
    const transaction = this.connection.forProfile(profile)
    for (let last = ''; ;) {
      const rows = await transaction.query<{ hash: string }>(selectHashes, [last, hashesAtOnce])
      if (rows.length === 0) return
      for (const { hash } of rows) yield hash
      last = rows.at(-1)?.hash ?? last
    }
  }

  async *readBlob(profile: string, hash: string): AsyncGenerator<Uint8Array> {
    const transaction = this.connection.forProfile(profile)
    const [row] = await transaction.query<BlobRow>(selectBlob, [hash])
    if (!row) throw new StorageError('CORRUPT', new Error(`The file ${hash} is missing.`))
    const chunkCount = Math.ceil(row.size / chunkSize)
    for (let first = 0; first < chunkCount; first += chunksAtOnce) {
      const last = Math.min(first + chunksAtOnce, chunkCount) - 1
      const chunks = await transaction.query<{ bytes: Buffer }>(selectChunks, [row.contentId, first, last])
      for (const { bytes } of chunks) yield bytes
    }
  }
}
