import type { PostgresStatement, PostgresTransaction } from '../database/postgres-statement.ts'

/** In bytes. All chunks of a blob but the last one have it. */
export const chunkSize = 65_536

/** How long a blob may exist before a row refers to it. */
const gracePeriod = `interval '5 minutes'`
/** How long bytes are kept that no blob has: they may be on their way, in or out. */
const unusedPeriod = `interval '1 day'`

/** Where the bytes of a blob are. */
export interface BlobRow {
  readonly contentId: string
  /** In bytes. */
  readonly size: number
}

export const selectBlob: PostgresStatement = {
  name: 'select-blob',
  text: 'SELECT content_id AS "contentId", size FROM blobs WHERE profile = $1 AND hash = $2',
}

export const selectChunks: PostgresStatement = {
  name: 'select-blob-chunks',
  text: `SELECT bytes FROM blob_chunks WHERE profile = $1 AND content_id = $2 AND position BETWEEN $3 AND $4
    ORDER BY position`,
}

/** Of hashes greater than one, in their order. */
export const selectHashes: PostgresStatement = {
  name: 'select-blob-hashes',
  text: 'SELECT hash FROM blobs WHERE profile = $1 AND hash > $2 ORDER BY hash LIMIT $3',
}

const touchBlob: PostgresStatement = {
  name: 'touch-blob',
  text: 'UPDATE blobs SET stored_at = now() WHERE profile = $1 AND hash = $2',
}

const insertContent: PostgresStatement = {
  name: 'insert-blob-content',
  text: 'INSERT INTO blob_contents (profile, id) VALUES ($1, $2)',
}

const insertChunk: PostgresStatement = {
  name: 'insert-blob-chunk',
  text: 'INSERT INTO blob_chunks (profile, content_id, position, bytes) VALUES ($1, $2, $3, $4)',
}

const insertBlob: PostgresStatement = {
  name: 'insert-blob',
  text: `INSERT INTO blobs (profile, hash, content_id, size) VALUES ($1, $2, $3, $4)
    ON CONFLICT (profile, hash) DO UPDATE SET stored_at = now() RETURNING content_id AS "contentId"`,
}

const markUsed: PostgresStatement = {
  name: 'mark-blob-content-used',
  text: 'UPDATE blob_contents SET unused_since = NULL WHERE profile = $1 AND id = $2',
}

const deleteContent: PostgresStatement = {
  name: 'delete-blob-content',
  text: 'DELETE FROM blob_contents WHERE profile = $1 AND id = $2 AND unused_since IS NOT NULL',
}

const deleteUnusedContents: PostgresStatement = {
  name: 'delete-unused-blob-contents',
  text: `DELETE FROM blob_contents WHERE profile = $1 AND unused_since < now() - ${unusedPeriod}`,
}

const deleteBlobs: PostgresStatement = {
  name: 'delete-blobs',
  text: `WITH deleted AS (
      DELETE FROM blobs WHERE profile = $1 AND hash = ANY($2::text[]) AND stored_at <= now() - ${gracePeriod}
      RETURNING hash, content_id
    ), unused AS (
      UPDATE blob_contents SET unused_since = now() WHERE profile = $1 AND id IN (SELECT content_id FROM deleted)
    )
    SELECT hash FROM deleted`,
}

const selectExisting: PostgresStatement = {
  name: 'select-existing-blobs',
  text: 'SELECT hash FROM blobs WHERE profile = $1 AND hash = ANY($2::text[])',
}

/** Bytes without a blob, which `appendChunk` adds. */
export async function createContent(transaction: PostgresTransaction, id: string): Promise<void> {
  await transaction.execute(insertContent, [id])
}

/** `position` counts from 0. */
export async function appendChunk(
  transaction: PostgresTransaction,
  id: string,
  position: number,
  bytes: Buffer,
): Promise<void> {
  await transaction.execute(insertChunk, [id, position, bytes])
}

/** Whether there is such a blob; then it counts as stored now. */
export async function keepAgain(transaction: PostgresTransaction, hash: string): Promise<boolean> {
  return (await transaction.execute(touchBlob, [hash])) > 0
}

/** Makes a blob of bytes. If there is one with this hash, the bytes are deleted instead. */
export async function keepContent(
  transaction: PostgresTransaction,
  hash: string,
  { contentId, size }: BlobRow,
): Promise<void> {
  const [stored] = await transaction.query<{ contentId: string }>(insertBlob, [hash, contentId, size])
  await transaction.execute(stored?.contentId === contentId ? markUsed : deleteContent, [contentId])
}

/** Unless a blob has them. */
export async function discardContent(transaction: PostgresTransaction, id: string): Promise<void> {
  await transaction.execute(deleteContent, [id])
}

/** Deletes those that were not stored within the last minutes. Resolves to the others. */
export async function deleteOldBlobs(transaction: PostgresTransaction, hashes: readonly string[]): Promise<string[]> {
  await transaction.query(deleteBlobs, [hashes])
  const recent = await transaction.query<{ hash: string }>(selectExisting, [hashes])
  await transaction.execute(deleteUnusedContents)
  return recent.map(({ hash }) => hash)
}
