import { createHash, randomUUID } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkArray } from '../../lib/chunk-array.ts'
import type { BlobStore, FindUnreferenced } from '../blob-store.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'

/** How long a file may be there before a row refers to it. */
const gracePeriodMs = 5 * 60_000 // milliseconds

const hashPattern = /^[0-9a-f]{64}$/

/** Files in a folder, which is made when the first one comes. */
export class FilesystemBlobStore implements BlobStore {
  readonly #folder: string
  /** The names of files that this process made, until those of earlier ones have been swept out. */
  #namesOfThisProcess: Set<string> | null = new Set()

  constructor(folder: string) {
    this.#folder = folder
  }

  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const tempName = `${randomUUID()}.part`
    // Told first: a sweep that is under way leaves both alone, should the same bytes be about to go.
    this.#namesOfThisProcess?.add(tempName).add(hash)
    // Under its name it is whole, whenever the process ends.
    await writeFile(join(this.#folder, tempName), bytes, { mode: 0o600, flush: true })
    await rename(join(this.#folder, tempName), join(this.#folder, hash))
    return hash
  }

  async get(hash: string): Promise<Buffer | null> {
    if (!hashPattern.test(hash)) return null
    return readFile(join(this.#folder, hash)).catch(ignoreMissingFile)
  }

  async deleteUnreferenced(hashes: readonly string[], findUnreferenced: FindUnreferenced): Promise<void> {
    const recentHashes: string[] = []
    for (const batch of chunkArray(hashes, 500)) {
      for (const hash of await findUnreferenced(batch)) if (!this.#deleteAfterGracePeriod(hash)) recentHashes.push(hash)
    }
    // Without a sweep of its own: should the process end before, the next one sweeps.
    if (recentHashes.length > 0)
      setTimeout(
        () => void this.deleteUnreferenced(recentHashes, findUnreferenced).catch(() => undefined),
        gracePeriodMs,
      ).unref()
  }

  async collectGarbage(findUnreferenced: FindUnreferenced): Promise<void> {
    const names = (await readdir(this.#folder).catch(ignoreMissingFile)) ?? []
    for (const name of names.filter((one) => one.endsWith('.part'))) this.#deleteLeftover(name)
    const hashes = names.filter((name) => hashPattern.test(name))
    for (const batch of chunkArray(hashes, 500)) {
      for (const hash of await findUnreferenced(batch)) this.#deleteLeftover(hash)
      await yieldToEventLoop()
    }
    this.#namesOfThisProcess = null
  }

  /** False when it was kept so lately that a row may be about to refer to it. At once: nothing comes in between. */
  #deleteAfterGracePeriod(hash: string): boolean {
    const path = join(this.#folder, hash)
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0 }
    if (mtimeMs > Date.now() - gracePeriodMs) return false
    rmSync(path, { force: true })
    return true
  }

  /** At once: between the look and the deed nothing can become this process's own. */
  #deleteLeftover(name: string): void {
    if (!this.#namesOfThisProcess?.has(name)) rmSync(join(this.#folder, name), { force: true })
  }
}

function ignoreMissingFile(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
