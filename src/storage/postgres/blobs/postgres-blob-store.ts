import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { chunkArray } from '../../../lib/chunk-array.ts'
import { StorageError } from '../../errors.ts'
import type { BlobStore, FindUnreferencedBlobs, OpenBlob, ReceivedBlob } from '../../blob-store.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import {
  appendChunk,
  type BlobRow,
  chunkSize,
  createContent,
  deleteOldBlobs,
  discardContent,
  keepAgain,
  keepContent,
  selectBlob,
  selectChunks,
  selectHashes,
} from './blob-tables.ts'
import { splitEvenly } from './split-evenly.ts'

/** When blobs that were recent are looked at again. */
const recheckMs = 5 * 60_000
/** Keeps the time between a look-up and the deletion short. */
const lookupBatchSize = 500
/** Chunks that are read in one statement, and written in one transaction: 512 KiB. */
const chunksAtOnce = 8

/** Blobs as rows of a profile, for all processes. */
export class PostgresBlobStore implements BlobStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    await this.#database.write(async (transaction) => {
      if (await keepAgain(transaction, hash)) return
      const contentId = randomUUID()
      await createContent(transaction, contentId)
      for (let start = 0; start < bytes.length; start += chunkSize)
        await appendChunk(
          transaction,
          contentId,
          start / chunkSize,
          Buffer.from(bytes.subarray(start, start + chunkSize)),
        )
      await keepContent(transaction, hash, { contentId, size: bytes.length })
    })
    return hash
  }

  async receive(chunks: AsyncIterable<Uint8Array>): Promise<ReceivedBlob> {
    const contentId = randomUUID()
    const hash = createHash('sha256')
    let size = 0
    await this.#database.write((transaction) => createContent(transaction, contentId))
    const discard = (): Promise<void> => this.#database.write((transaction) => discardContent(transaction, contentId))
    try {
      let stored = 0
      for await (const batch of batchChunks(splitEvenly(chunks))) {
        for (const chunk of batch) {
          hash.update(chunk)
          size += chunk.length
        }
        await this.#database.write(async (transaction) => {
          for (const [index, chunk] of batch.entries()) await appendChunk(transaction, contentId, stored + index, chunk)
        })
        stored += batch.length
      }
    } catch (error) {
      // If this fails too, the bytes are deleted with all that are unused for a day.
      await discard().catch(() => undefined)
      throw error
    }
    const digest = hash.digest('hex')
    const row = { contentId, size }
    let isKept = false
    return {
      hash: digest,
      size,
      read: () => this.#readAll(row),
      keep: async () => {
        await this.#database.write((transaction) => keepContent(transaction, digest, row))
        isKept = true
        return digest
      },
      [Symbol.asyncDispose]: async () => {
        if (!isKept) await discard()
      },
    }
  }

  async open(hash: string): Promise<OpenBlob | null> {
    const row = await this.#find(hash)
    return (
      row && {
        size: row.size,
        read: (start, end) => Readable.from(this.#readRange(row, start, end), { objectMode: false }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }
    )
  }

  async get(hash: string): Promise<Buffer | null> {
    const row = await this.#find(hash)
    return row && this.#readAll(row)
  }

  async deleteUnreferenced(hashes: readonly string[], findUnreferenced: FindUnreferencedBlobs): Promise<void> {
    const recentHashes: string[] = []
    for (const batch of chunkArray(hashes, lookupBatchSize)) {
      const unreferenced = await findUnreferenced(batch)
      if (unreferenced.length === 0) continue
      recentHashes.push(...(await this.#database.write((transaction) => deleteOldBlobs(transaction, unreferenced))))
    }
    if (recentHashes.length === 0) return
    // If the process ends before, the garbage collection of the next one deletes them.
    const deleteLater = (): void => void this.deleteUnreferenced(recentHashes, findUnreferenced).catch(() => undefined)
    setTimeout(deleteLater, recheckMs).unref()
  }

  async collectGarbage(findUnreferenced: FindUnreferencedBlobs): Promise<void> {
    for (let last = ''; ;) {
      const rows = await this.#database.query<{ hash: string }>(selectHashes, [last, lookupBatchSize])
      if (rows.length === 0) return
      const hashes = rows.map(({ hash }) => hash)
      await this.deleteUnreferenced(hashes, findUnreferenced)
      last = hashes.at(-1) ?? last
    }
  }

  async #find(hash: string): Promise<BlobRow | null> {
    const [row] = await this.#database.query<BlobRow>(selectBlob, [hash])
    return row ?? null
  }

  async #readAll(row: BlobRow): Promise<Buffer> {
    return Buffer.concat(await Array.fromAsync(this.#readRange(row, 0, row.size - 1)))
  }

  /** The bytes from `start` up to and including `end`, in chunks. */
  async *#readRange({ contentId }: BlobRow, start: number, end: number): AsyncGenerator<Buffer> {
    // Before the first one, if the range is empty.
    const lastChunk = end < start ? -1 : Math.floor(end / chunkSize)
    for (let first = Math.floor(start / chunkSize); first <= lastChunk; first += chunksAtOnce) {
      const last = Math.min(first + chunksAtOnce - 1, lastChunk)
      const rows = await this.#database.query<{ bytes: Buffer }>(selectChunks, [contentId, first, last])
      if (rows.length <= last - first)
        throw new StorageError('OTHER', new Error('A file was deleted a day ago, while it was read.'))
      for (const [index, { bytes }] of rows.entries()) {
        const offset = (first + index) * chunkSize
        yield bytes.subarray(Math.max(start - offset, 0), end - offset + 1)
      }
    }
  }
}

/** As many chunks at a time as one transaction writes. */
async function* batchChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = []
  for await (const chunk of chunks) {
    batch.push(chunk)
    if (batch.length < chunksAtOnce) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
