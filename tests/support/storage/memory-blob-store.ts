import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { BlobStore, OpenBlob, ReceivedBlob } from '../../../src/storage/blob-store.ts'

/** A store that counts its files. */
export class MemoryBlobStore implements BlobStore {
  readonly files = new Map<string, Buffer>()

  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    this.files.set(hash, Buffer.from(bytes))
    return hash
  }

  async get(hash: string): Promise<Buffer | null> {
    return this.files.get(hash) ?? null
  }

  async receive(chunks: AsyncIterable<Uint8Array>): Promise<ReceivedBlob> {
    const bytes = Buffer.concat(await Array.fromAsync(chunks))
    return {
      hash: createHash('sha256').update(bytes).digest('hex'),
      size: bytes.length,
      read: async () => bytes,
      keep: () => this.put(bytes),
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  async open(hash: string): Promise<OpenBlob | null> {
    const bytes = this.files.get(hash)
    if (!bytes) return null
    return {
      size: bytes.length,
      read: (start, end) => Readable.from([bytes.subarray(start, end + 1)]),
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  async deleteUnreferenced(): Promise<void> {}

  async collectGarbage(): Promise<void> {}
}
