import { createHash } from 'node:crypto'
import type { BlobStore } from '../../../src/storage/blob-store.ts'

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

  async deleteUnreferenced(): Promise<void> {}

  async collectGarbage(): Promise<void> {}
}
