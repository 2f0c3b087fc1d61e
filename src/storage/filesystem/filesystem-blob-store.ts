import { createHash, randomUUID } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { chunksOf } from '../../lib/chunk.ts'

/** What is too large for a row or an event: kept whole beside the database, under the sha256 of its bytes in hex. */
export interface FileStore {
  /** Resolves to the hash once the bytes are on disk. The same bytes are kept once. */
  keep(bytes: Uint8Array): Promise<string>
  /** Null when there is no such file. */
  read(hash: string): Promise<Buffer | null>
  /**
   * Removes those of these files that `unused` picks, at most 500 hashes a call. What was kept in the last minutes is
   * looked at again later: something may be about to refer to it.
   */
  remove(hashes: readonly string[], unused: Unused): Promise<void>
  /** Once: removes what an earlier process kept and is not used; `unused` picks those of at most 500 hashes. */
  sweep(unused: Unused): Promise<void>
}

/** Of these files, those to which nothing refers. */
export type Unused = (hashes: readonly string[]) => Promise<readonly string[]>

/** How long a file may be there before a row refers to it. */
const settling = 5 * 60_000 // milliseconds

const hashForm = /^[0-9a-f]{64}$/

/** Files in a folder, which is made when the first one comes. */
export class FolderFileStore implements FileStore {
  readonly #folder: string
  /** The names of files that this process made, until those of earlier ones have been swept out. */
  #own: Set<string> | null = new Set()

  constructor(folder: string) {
    this.#folder = folder
  }

  async keep(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const draft = `${randomUUID()}.part`
    // Told first: a sweep that is under way leaves both alone, should the same bytes be about to go.
    this.#own?.add(draft).add(hash)
    // Under its name it is whole, whenever the process ends.
    await writeFile(join(this.#folder, draft), bytes, { mode: 0o600, flush: true })
    await rename(join(this.#folder, draft), join(this.#folder, hash))
    return hash
  }

  async read(hash: string): Promise<Buffer | null> {
    if (!hashForm.test(hash)) return null
    return readFile(join(this.#folder, hash)).catch(nullIfMissing)
  }

  async remove(hashes: readonly string[], unused: Unused): Promise<void> {
    const young: string[] = []
    for (const some of chunksOf(hashes, 500)) {
      for (const hash of await unused(some)) if (!this.#removeOld(hash)) young.push(hash)
    }
    // Without a sweep of its own: should the process end before, the next one sweeps.
    if (young.length > 0) setTimeout(() => void this.remove(young, unused).catch(() => undefined), settling).unref()
  }

  async sweep(unused: Unused): Promise<void> {
    const names = (await readdir(this.#folder).catch(nullIfMissing)) ?? []
    for (const name of names.filter((one) => one.endsWith('.part'))) this.#remove(name)
    const hashes = names.filter((name) => hashForm.test(name))
    for (const some of chunksOf(hashes, 500)) {
      for (const hash of await unused(some)) this.#remove(hash)
      await breathe()
    }
    this.#own = null
  }

  /** False when it was kept so lately that a row may be about to refer to it. At once: nothing comes in between. */
  #removeOld(hash: string): boolean {
    const path = join(this.#folder, hash)
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0 }
    if (mtimeMs > Date.now() - settling) return false
    rmSync(path, { force: true })
    return true
  }

  /** At once: between the look and the deed nothing can become this process's own. */
  #remove(name: string): void {
    if (!this.#own?.has(name)) rmSync(join(this.#folder, name), { force: true })
  }
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
