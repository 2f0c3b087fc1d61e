import { createHash, randomUUID } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { chunkArray } from '../../lib/chunk-array.ts'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import { toFileStorageError } from '../health/file-storage-error.ts'
import type { StorageHealth } from '../health/storage-health.ts'
import type { BlobStore, FindUnreferencedBlobs, OpenBlob, ReceivedBlob } from '../blob-store.ts'

/** How long a blob may exist before a row refers to it. */
const gracePeriodMs = 5 * 60_000
/** Keeps the time between a look-up and the deletion short. */
const lookupBatchSize = 500

/** What a disk that is full has no room for. */
const probeBytes = 65_536

const hashPattern = /^[0-9a-f]{64}$/

export interface FilesystemBlobStoreOptions {
  /**
   * Flushes the folder after each blob, so that a power cut does not lose the name of a blob that a committed row refers
   * to. The bytes are flushed in any case. False if it is left out.
   */
  readonly durable?: boolean
  /** Is told of failures. */
  readonly health?: StorageHealth
}

/** Blobs as files in a folder, which the first `put` creates. */
export class FilesystemBlobStore implements BlobStore {
  readonly #folder: string
  readonly #durable: boolean
  readonly #health: StorageHealth | null
  /** Names of files that this process created; null once `collectGarbage` has finished. */
  #namesOfThisProcess: Set<string> | null = new Set()

  constructor(folder: string, { durable = false, health }: FilesystemBlobStoreOptions = {}) {
    this.#folder = folder
    this.#durable = durable
    this.#health = health ?? null
    health?.setProbe('files', () => this.#writeProbe())
  }

  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    return this.#reportFailure(async () => {
      const file = await this.#createTempFile()
      try {
        await writeFile(file.path, bytes, { mode: 0o600, flush: true })
        return await this.#keep(file.path, hash)
      } catch (error) {
        // What was written of it takes room on a disk that is full.
        await file.remove()
        throw error
      }
    })
  }

  async receive(chunks: AsyncIterable<Uint8Array>): Promise<ReceivedBlob> {
    const { path, remove } = await this.#reportFailure(() => this.#createTempFile())
    const hash = createHash('sha256')
    let size = 0
    try {
      await using file = await this.#reportFailure(() => open(path, 'wx', 0o600))
      for await (const chunk of chunks) {
        hash.update(chunk)
        size += chunk.length
        await this.#reportFailure(() => file.writeFile(chunk))
      }
      await this.#reportFailure(() => file.sync())
    } catch (error) {
      await remove()
      throw error
    }
    const digest = hash.digest('hex')
    return {
      hash: digest,
      size,
      read: () => readFile(path),
      keep: () => this.#reportFailure(() => this.#keep(path, digest)),
      [Symbol.asyncDispose]: remove,
    }
  }

  async open(hash: string): Promise<OpenBlob | null> {
    if (!hashPattern.test(hash)) return null
    const file = await open(join(this.#folder, hash)).catch(ignoreMissingFile)
    if (!file) return null
    const { size } = await file.stat()
    return {
      size,
      read: (start, end) => (size === 0 ? Readable.from([]) : file.createReadStream({ start, end })),
      [Symbol.asyncDispose]: () => file.close(),
    }
  }

  async get(hash: string): Promise<Buffer | null> {
    if (!hashPattern.test(hash)) return null
    return readFile(join(this.#folder, hash)).catch(ignoreMissingFile)
  }

  async deleteUnreferenced(hashes: readonly string[], findUnreferenced: FindUnreferencedBlobs): Promise<void> {
    const recentHashes: string[] = []
    for (const batch of chunkArray(hashes, lookupBatchSize)) {
      for (const hash of await findUnreferenced(batch)) if (!this.#deleteAfterGracePeriod(hash)) recentHashes.push(hash)
    }
    if (recentHashes.length === 0) return
    // If the process ends before, the garbage collection of the next one deletes them.
    const deleteLater = (): void => void this.deleteUnreferenced(recentHashes, findUnreferenced).catch(() => undefined)
    setTimeout(deleteLater, gracePeriodMs).unref()
  }

  async collectGarbage(findUnreferenced: FindUnreferencedBlobs): Promise<void> {
    const names = (await readdir(this.#folder).catch(ignoreMissingFile)) ?? []
    for (const name of names.filter((each) => each.endsWith('.part'))) this.#deleteUnlessCreatedHere(name)
    const hashes = names.filter((name) => hashPattern.test(name))
    for (const batch of chunkArray(hashes, lookupBatchSize)) {
      for (const hash of await findUnreferenced(batch)) this.#deleteUnlessCreatedHere(hash)
      await yieldToEventLoop()
    }
    this.#namesOfThisProcess = null
  }

  /** Runs a step of writing. The health is told whether it fails, and the error is one of storage. */
  async #reportFailure<T>(write: () => Promise<T>): Promise<T> {
    try {
      const result = await write()
      this.#health?.recover('files')
      return result
    } catch (cause) {
      const error = toFileStorageError(cause)
      this.#health?.report('files', error)
      throw error
    }
  }

  /** Writes a file that the next garbage collection would remove, and removes it. */
  async #writeProbe(): Promise<void> {
    const path = join(this.#folder, `${randomUUID()}.part`)
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(path, Buffer.alloc(probeBytes), { mode: 0o600, flush: true })
    } catch (error) {
      throw toFileStorageError(error)
    } finally {
      rmSync(path, { force: true })
    }
  }

  /** Where a file is written that gets its name later. `remove` also removes the folders that were created for it. */
  async #createTempFile(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
    const created = await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const name = `${randomUUID()}.part`
    // Before the file exists: a garbage collection that is running must leave it alone.
    this.#namesOfThisProcess?.add(name)
    const path = join(this.#folder, name)
    const remove = async (): Promise<void> => {
      await rm(path, { force: true })
      if (created !== undefined) await removeEmptyFolders(this.#folder, created)
    }
    return { path, remove }
  }

  /** A file with a hash as its name is complete, whenever the process ends. */
  async #keep(path: string, hash: string): Promise<string> {
    this.#namesOfThisProcess?.add(hash)
    await rename(path, join(this.#folder, hash))
    if (this.#durable) await this.#flushFolder()
    return hash
  }

  async #flushFolder(): Promise<void> {
    await using folder = await open(this.#folder, 'r')
    await folder.sync()
  }

  /** Returns false if the file is so recent that a row may be about to refer to it. Synchronous, so that nothing interferes. */
  #deleteAfterGracePeriod(hash: string): boolean {
    const path = join(this.#folder, hash)
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0 }
    if (mtimeMs > Date.now() - gracePeriodMs) return false
    rmSync(path, { force: true })
    return true
  }

  /** Synchronous, so that `put` cannot store the file between the check and the deletion. */
  #deleteUnlessCreatedHere(name: string): void {
    if (!this.#namesOfThisProcess?.has(name)) rmSync(join(this.#folder, name), { force: true })
  }
}

/** Removes a folder and those above it up to `top`, as long as they are empty. */
async function removeEmptyFolders(folder: string, top: string): Promise<void> {
  try {
    for (let each = folder; each.startsWith(top); each = dirname(each)) await rmdir(each)
  } catch {
    // Something else is in it by now.
  }
}

function ignoreMissingFile(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
