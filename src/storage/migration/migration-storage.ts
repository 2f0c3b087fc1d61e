import type { MigratedTable, StoredRow } from './migrated-tables.ts'

/** What is stored, as it was when it was opened. Nothing else writes to it until it is closed. Methods throw StorageError. */
export interface MigrationReader {
  /** Reads the rows of a table one by one. One read at a time. */
  readRows(profile: string, table: MigratedTable): AsyncIterable<StoredRow>
  /** The hashes of all blobs, in any order. */
  listBlobs(profile: string): AsyncIterable<string>
  /** The bytes of a blob, also of a damaged one. */
  readBlob(profile: string, hash: string): AsyncIterable<Uint8Array>
}

/** Where a migration reads from. */
export interface MigrationSource extends MigrationReader, AsyncDisposable {
  listProfiles(): Promise<string[]>
}

/** Where a migration writes to. It is empty. What is not committed is gone when it is closed. */
export interface MigrationTarget extends MigrationReader, AsyncDisposable {
  createProfile(profile: string): Promise<void>
  /** The rows of one call are in memory. */
  insertRows(profile: string, table: MigratedTable, rows: readonly StoredRow[]): Promise<void>
  writeBlob(profile: string, hash: string, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** Call it when everything is written, before it is read again. */
  finishWriting(): Promise<void>
  /** Makes everything visible at once. */
  commit(): Promise<void>
}
