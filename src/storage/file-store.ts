import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chunksOf } from './chunks.ts'

/** What is too large for a row or an event: kept whole beside the database, under the sha256 of its bytes in hex. */
export interface FileStore {
  /** Resolves to the hash once the bytes are on disk. The same bytes are kept once. */
  keep(bytes: Uint8Array): Promise<string>
  /** Null when there is no such file. */
  read(hash: string): Promise<Buffer | null>
  /** Removes files to which nothing refers. What was kept in the last minutes stays: something is about to refer to it. */
  remove(hashes: readonly string[]): Promise<void>
  /** Removes what was kept before this process began and is not used; `unused` picks those of at most 500 hashes. */
  sweep(unused: (hashes: readonly string[]) => Promise<readonly string[]>): Promise<void>
}

/** How long a file may be there before a row refers to it. */
const settling = 5 * 60_000 // milliseconds

const hashForm = /^[0-9a-f]{64}$/

/** Files in a folder, which is made when the first one comes. */
export class FolderFileStore implements FileStore {
  readonly #folder: string
  readonly #since = Date.now()

  constructor(folder: string) {
    this.#folder = folder
  }

  async keep(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    // Under its name it is whole, whenever the process ends; and it is new again, should it have been about to go.
    const draft = join(this.#folder, `${randomUUID()}.part`)
    await writeFile(draft, bytes, { mode: 0o600, flush: true })
    await rename(draft, join(this.#folder, hash))
    return hash
  }

  async read(hash: string): Promise<Buffer | null> {
    if (!hashForm.test(hash)) return null
    return readFile(join(this.#folder, hash)).catch(nullIfMissing)
  }

  async remove(hashes: readonly string[]): Promise<void> {
    for (const hash of hashes.filter((one) => hashForm.test(one))) {
      const found = await stat(join(this.#folder, hash)).catch(nullIfMissing)
      if (found && found.mtimeMs < Date.now() - settling) await this.#remove(hash)
    }
  }

  async sweep(unused: (hashes: readonly string[]) => Promise<readonly string[]>): Promise<void> {
    const names = (await readdir(this.#folder).catch(nullIfMissing)) ?? []
    const old: string[] = []
    for (const name of names) if (await this.#isOld(name)) old.push(name)
    for (const name of old.filter((one) => one.endsWith('.part'))) await this.#remove(name)
    for (const some of chunksOf(
      old.filter((name) => hashForm.test(name)),
      500,
    )) {
      for (const hash of await unused(some)) if (await this.#isOld(hash)) await this.#remove(hash)
    }
  }

  async #isOld(name: string): Promise<boolean> {
    const found = await stat(join(this.#folder, name)).catch(nullIfMissing)
    return found !== null && found.mtimeMs < this.#since
  }

  async #remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true })
  }
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
